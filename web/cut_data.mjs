// node web/cut_data.mjs IMAGES LABELS OUT: the part of Fashion-MNIST that the page brings along, because a browser cannot read
// this computer's files. From a gzipped pair of original IDX files it takes, of every class, the first 200 pictures to train on
// and the 50 after them to test on, and writes them as subset-images-idx3-ubyte.gz and subset-labels-idx1-ubyte.gz.
// The engine reads these in data/fashion_mnist.rs.

import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

const [TRAIN, TEST, CLASSES] = [200, 50, 10];

const [imagesFile, labelsFile, out] = process.argv.slice(2);
if (!out) {
  console.error("usage: node web/cut_data.mjs IMAGES LABELS OUT");
  process.exit(2);
}

function fail(what) {
  console.error(`error: ${what}`);
  process.exit(3);
}

// An IDX file of bytes: 0, 0, 8, number of sides, each side in four bytes (highest first), the values.
function read(path, sides) {
  const bytes = gunzipSync(readFileSync(path));
  const header = 4 + 4 * sides;
  const lengths = Array.from({ length: sides }, (_, side) => bytes.readUInt32BE(4 + 4 * side));
  const count = lengths.reduce((product, length) => product * length, 1);
  if (bytes.readUInt32BE(0) !== 0x800 + sides || bytes.length !== header + count) {
    fail(`${basename(path)} is no IDX file of bytes with ${sides} sides, or not whole: fetch it again`);
  }
  return { lengths, values: bytes.subarray(header) };
}

function write(name, lengths, values) {
  const header = Buffer.alloc(4 + 4 * lengths.length);
  header.writeUInt32BE(0x800 + lengths.length, 0);
  lengths.forEach((length, side) => header.writeUInt32BE(length, 4 + 4 * side));
  const bytes = gzipSync(Buffer.concat([header, values]), { level: 9 });
  writeFileSync(join(out, name), bytes);
  console.log(`${join(out, name)}: ${bytes.length} bytes`);
}

const images = read(imagesFile, 3);
const labels = read(labelsFile, 1);
const [count, height, width] = images.lengths;
if (labels.lengths[0] !== count) fail(`${count} pictures, ${labels.lengths[0]} labels: fetch both files again`);

const [train, test, seen] = [[], [], new Array(CLASSES).fill(0)];
labels.values.forEach((label, index) => {
  if (label >= CLASSES) fail(`a label is ${label}, the classes are 0 to ${CLASSES - 1}`);
  if (seen[label] < TRAIN) train.push(index);
  else if (seen[label] < TRAIN + TEST) test.push(index);
  seen[label] += 1;
});
const short = seen.findIndex((pictures) => pictures < TRAIN + TEST);
if (short >= 0) fail(`${seen[short]} pictures of class ${short}, ${TRAIN + TEST} are needed`);

const chosen = [...train, ...test];
const picture = (index) => images.values.subarray(index * height * width, (index + 1) * height * width);
write("subset-images-idx3-ubyte.gz", [chosen.length, height, width], Buffer.concat(chosen.map(picture)));
write("subset-labels-idx1-ubyte.gz", [chosen.length], Buffer.from(chosen.map((index) => labels.values[index])));
