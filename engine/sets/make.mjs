// node engine/sets/make.mjs CATALOGUE > engine/sets/sets.json: the list of data sets that can be fetched, out of a catalogue of
// public files. A file is [base, path below the base, path in the set, bytes, SHA-256, label, split]; its address is that of the
// base (owner/repository/commit) on raw.githubusercontent.com, with cdn.jsdelivr.net as a mirror.

import { readFileSync } from "node:fs";

const RAW = "https://raw.githubusercontent.com/";

const fashion = (name, bytes, sha256) => ({
  url: `${RAW}zalandoresearch/fashion-mnist/master/data/fashion/${name}`,
  path: name,
  bytes,
  sha256,
});
const FASHION_MNIST = {
  id: "fashion-mnist",
  title: "Fashion-MNIST: pictures of clothes",
  kind: "pictures",
  systems: ["mae", "mixedae", "gsimclr"],
  samples: 70000,
  licence: "MIT, Zalando SE 2017",
  terms: "free",
  credit: "Xiao, Rasul and Vollgraf 2017",
  people: "none",
  classes: [],
  files: [
    fashion("train-images-idx3-ubyte.gz", 26421856, "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"),
    fashion("train-labels-idx1-ubyte.gz", 29491, "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"),
    fashion("t10k-images-idx3-ubyte.gz", 4422079, "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"),
    fashion("t10k-labels-idx1-ubyte.gz", 5125, "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"),
  ],
};

const file = process.argv[2];
if (!file) {
  console.error("usage: node engine/sets/make.mjs CATALOGUE");
  process.exit(2);
}
const sets = [FASHION_MNIST, ...JSON.parse(readFileSync(file)).sets].map((set) => {
  const bases = [];
  const files = set.files.map(({ url, path, bytes, sha256, label, split }) => {
    if (!url.startsWith(RAW)) throw new Error(`${url} is not of ${RAW}`);
    const parts = decodeURIComponent(url.slice(RAW.length)).split("/");
    const base = parts.slice(0, 3).join("/");
    if (!bases.includes(base)) bases.push(base);
    return [bases.indexOf(base), parts.slice(3).join("/"), path, bytes, sha256, String(label ?? ""), String(split ?? "")];
  });
  const { id, title, kind, systems, samples, licence, terms, credit, people } = set;
  const classes = (set.classes ?? []).map(String);
  return { id, title, kind, systems, samples, licence, terms, credit, people: people ?? "", classes, bases, files };
});

const lines = sets.map((set) => {
  const { files, ...facts } = set;
  const rows = files.map((row) => `    ${JSON.stringify(row)}`).join(",\n");
  return `  ${JSON.stringify(facts).slice(0, -1)}, "files": [\n${rows}\n  ]}`;
});
console.log(`[\n${lines.join(",\n")}\n]`);
