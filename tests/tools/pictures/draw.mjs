// Draw the course's pictures: notebooks/images/sources/NAME.d2 becomes notebooks/images/NAME.svg.
//
//     node tests/tools/pictures/draw.mjs                  draws all
//     node tests/tools/pictures/draw.mjs 05_tool_loop     draws one
//
// D2 draws. Added here is what its SVG lacks: a title and an alt text, from the source's first lines, the icons, fonts
// to fall back on, and a hash of all that a picture is drawn from, by which a test without Node.js finds a stale one.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { D2 } from '@terrastruct/d2';

const here = import.meta.dirname;
const images = path.join(here, '..', '..', '..', 'notebooks', 'images');
const sources = path.join(images, 'sources');
const icons = path.join(sources, 'icons');
const shared = '_course.d2';
const read = (...parts) => fs.readFileSync(path.join(...parts), 'utf8').replaceAll('\r\n', '\n');
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function hashOf(source) {
  const parts = [read(here, 'draw.mjs'), read(here, 'package-lock.json'), read(sources, shared)];
  for (const icon of fs.readdirSync(icons).sort()) parts.push(read(icons, icon));
  return createHash('sha256').update([...parts, source].join('\0')).digest('hex');
}

/** The title and the alt text: `# title: ...`, then `# alt: ...` on one line or more. */
function wordsOf(source) {
  const comment = source.match(/^(?:#.*\n)*/)[0].replace(/^# ?/gm, '').replace(/\s+/g, ' ');
  const found = comment.match(/^title: (.+) alt: (.+) $/);
  if (!found) throw new Error('the first lines are to be "# title: ..." and "# alt: ..."');
  return found.slice(1).map(escape);
}

function checkLabelsFit(diagram) {
  for (const { id, label, width, height, labelWidth, labelHeight } of diagram.shapes) {
    if (label && (labelWidth > width || labelHeight > height)) {
      throw new Error(`${id} is ${width} by ${height}; its label needs ${labelWidth} by ${labelHeight}`);
    }
  }
}

async function draw(d2, name) {
  const source = read(sources, `${name}.d2`);
  const [title, alt] = wordsOf(source);
  const { diagram, renderOptions } = await d2.compile({
    fs: { 'index.d2': source, [shared]: read(sources, shared) },
    inputPath: 'index.d2',
    options: { layout: 'dagre' },
  });
  checkLabelsFit(diagram);
  const svg = await d2.render(diagram, { ...renderOptions, pad: 14, scale: 1, salt: name, noXMLTag: true });
  const role = `role="img" aria-labelledby="title-${name} desc-${name}" data-drawn-from="${hashOf(source)}"`;
  return svg
    .replace(/^<svg ([^>]+)>/, `<svg ${role} $1><title id="title-${name}">${title}</title><desc id="desc-${name}">${alt}</desc>`)
    .replaceAll('\u00a0', ' ') // which the embedded fonts lack
    .replaceAll('<text ', '<text xml:space="preserve" ')
    .replace(/(font-family: "d2-\d+-font-)(\w+)"/g, (_, start, font) =>
      `${start}${font}", ${font.startsWith('mono') ? 'monospace' : 'sans-serif'}`)
    .replace(/href="icons\/(\w+\.svg)"/g, (_, icon) =>
      `href="data:image/svg+xml;base64,${Buffer.from(read(icons, icon)).toString('base64')}"`);
}

/** What went wrong, in words: D2 says it as a list in JSON. */
function problemOf(error) {
  try {
    return JSON.parse(error.message).map(({ errmsg }) => errmsg).join('\n  ');
  } catch {
    return error.message;
  }
}

const all = fs.readdirSync(sources).filter((file) => file.endsWith('.d2') && file !== shared).sort();
const names = process.argv.length > 2 ? process.argv.slice(2) : all.map((file) => path.basename(file, '.d2'));
const d2 = new D2();
let problems = 0;
for (const name of names) {
  try {
    if (!all.includes(`${name}.d2`)) throw new Error(`there is no source of this name, only ${all.join(', ')}`);
    const svg = await draw(d2, name);
    fs.writeFileSync(path.join(process.env.PICTURES_TO ?? images, `${name}.svg`), svg);
    console.log(`${name}.svg  ${(svg.length / 1000).toFixed(1)} kB`);
  } catch (error) {
    problems += 1;
    console.error(`${name}: ${problemOf(error)}`);
  }
}
process.exit(problems ? 1 : 0);
