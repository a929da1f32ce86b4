// Makes a picture small enough for the repository: PNG as Chromium writes it becomes PNG of 256
// colours.
//   node shrink.mjs <picture> <smaller picture>

import { readFileSync, writeFileSync } from 'node:fs';
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const MAGIC = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const MOST = 256;

/** Width, height and RGB of a PNG of 8 bits without alpha that is not interlaced. */
function decode(png) {
  if (!png.subarray(0, 8).equals(MAGIC)) throw new Error('this is no PNG');
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const channels = { 2: 3, 6: 4 }[png[25]];
  if (png[24] !== 8 || !channels || png[28] !== 0) throw new Error('not as Chromium writes them');
  const data = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + length));
  }
  const raw = inflateSync(Buffer.concat(data));
  const row = width * channels;
  const pixels = Buffer.alloc(height * row);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (row + 1)];
    for (let x = 0; x < row; x += 1) {
      const at = y * row + x;
      const left = x >= channels ? pixels[at - channels] : 0;
      const up = y > 0 ? pixels[at - row] : 0;
      const corner = x >= channels && y > 0 ? pixels[at - row - channels] : 0;
      pixels[at] = raw[y * (row + 1) + 1 + x] + [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
    }
  }
  return { width, height, color: (n) => pixels.readUIntBE(n * channels, 3) };
}

/** Whichever of the three is nearest to left + up - corner. */
function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

const apart = (a, b) => {
  const [red, green, blue] = [16, 8, 0].map((shift) => ((a >> shift) & 255) - ((b >> shift) & 255));
  return 2 * red * red + 4 * green * green + 3 * blue * blue;
};

/** So few colours that each one there is has one near, the most frequent first. */
function palette(counts) {
  const colors = [...counts].sort((a, b) => b[1] - a[1]).map(([color]) => color);
  for (let near = 0; ; near = near * 1.5 + 4) {
    const chosen = [];
    for (const color of colors) {
      if (!chosen.some((other) => apart(color, other) <= near)) chosen.push(color);
      if (chosen.length > MOST) break;
    }
    if (chosen.length <= MOST) return chosen;
  }
}

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

function shrink(png) {
  const { width, height, color } = decode(png);
  const counts = new Map();
  for (let n = 0; n < width * height; n += 1) counts.set(color(n), (counts.get(color(n)) ?? 0) + 1);
  const chosen = palette(counts);
  const nearest = new Map([...counts.keys()].map((color) => {
    const distances = chosen.map((other) => apart(color, other));
    return [color, distances.indexOf(Math.min(...distances))];
  }));
  const rows = Buffer.alloc(height * (width + 1));
  for (let n = 0; n < width * height; n += 1) {
    const y = Math.floor(n / width);
    rows[y * (width + 1) + 1 + (n - y * width)] = nearest.get(color(n));
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colors = Buffer.alloc(chosen.length * 3);
  chosen.forEach((color, n) => colors.writeUIntBE(color, n * 3, 3));
  return Buffer.concat([
    MAGIC, chunk('IHDR', head), chunk('PLTE', colors), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0)),
  ]);
}

const [from, to] = process.argv.slice(2);
writeFileSync(to, shrink(readFileSync(from)));
