// The filters of PNG files: each byte of a row is stored as what it differs by from its neighbours.

// Undo the filters of a PNG file's rows, in place: each row begins with the number of its filter.
export function unfilter(data, rowLength, pixelLength) {
  const length = rowLength + 1;
  for (let start = 0; start + length <= data.length; start += length) {
    const add = FILTERS[data[start]];
    for (let at = start + 1; add && at < start + length; at += 1) {
      const inside = at - start > pixelLength;
      const left = inside ? data[at - pixelLength] : 0;
      const up = start ? data[at - length] : 0;
      const corner = inside && start ? data[at - length - pixelLength] : 0;
      data[at] += add(left, up, corner);
    }
  }
  return data;
}

const FILTERS = [
  null,
  (left) => left,
  (left, up) => up,
  (left, up) => (left + up) >> 1,
  nearest,
];

function nearest(left, up, corner) {
  const [byLeft, byUp, byCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}
