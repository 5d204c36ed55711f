// JPEG and PNG without waiting, for browsers in which Python cannot wait for the browser's own decoder.
// The stand-in for Pillow uses it.
import { decode } from './jpeg_decoder.mjs';
import { encode } from './jpeg_encoder.mjs';

const MOST_MEGABYTES = 1024;

export function decodeJpeg(bytes) {
  const { data } = decode(bytes, { useTArray: true, maxMemoryUsageInMB: MOST_MEGABYTES });
  return data;
}

export function encodeJpeg(data, width, height, quality) {
  return encode({ data, width, height }, quality).data;
}

export { unfilter } from './png_filters.mjs';
