#!/usr/bin/env bash
# Builds the page into dist/: the two programs and their JavaScript, the files of this folder, pictures, data, the list of data sets and
# stored weights. Writes the version, the sizes and the list of files into index.html and sw.js.
# Needs the target wasm32-unknown-unknown, wasm-bindgen in the version of Cargo.toml, and GNU tools.
#   MASQUERADE_WEB_DATA  folder with the browser's data (fashion-mnist subset, photos/); without it the page has none
#   MASQUERADE_WASM_OPT  the wasm-opt program; without it the programs stay as the compiler made them
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=wasm32-unknown-unknown
built=${CARGO_TARGET_DIR:-target}/$target/web
# The old page stays whole until the new one is.
new=dist.new
rm -rf "$new"
mkdir -p "$new"

# One package at a time: together the page would be built with the engine's features, and would contain it twice.
program() { # PACKAGE BINARY
  cargo build --profile web --target "$target" --package "$1" --bin "$2"
  wasm-bindgen --target web --no-typescript --out-dir "$new" "$built/$2.wasm"
}
program masquerade_engine worker
program masquerade masquerade

add_folder() { # FROM TO
  if [ -d "$1" ]; then
    mkdir -p "$new/$2"
    cp -R "$1/." "$new/$2/"
  fi
}
cp web/*.html web/*.css web/*.mjs web/*.js web/*.webmanifest "$new/"
rm "$new/cut_data.mjs"
add_folder web/icons icons
add_folder web/first first
add_folder engine/stored stored
mkdir "$new/sets" && cp engine/sets/sets.json "$new/sets/"
add_folder "${MASQUERADE_WEB_DATA:-}" data

cd "$new"
if [ -n "${MASQUERADE_WASM_OPT:-}" ]; then
  for program in masquerade_bg.wasm worker_bg.wasm; do
    # Level 1: higher ones take minutes and give programs that are neither smaller when packed nor faster. Merging functions
    # that differ in constants only, such as the thousands of constructors that dependencies have, makes the engine smaller.
    "$MASQUERADE_WASM_OPT" -O1 --enable-bulk-memory --enable-bulk-memory-opt --enable-nontrapping-float-to-int --enable-simd \
      --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue \
      --merge-similar-functions --vacuum "$program" -o small.wasm
    mv small.wasm "$program"
  done
fi

version=$(find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum | cut -c1-12)
page_size=$(wc -c < masquerade_bg.wasm)
engine_size=$(wc -c < worker_bg.wasm)
files=$(find . -type f ! -name sw.js ! -name index.html ! -name '.*' -printf '"%p"\n' | LC_ALL=C sort | paste -sd,)

sed -i "s/%BUILD%/$version/g; s/%PAGE_SIZE%/$page_size/; s/%ENGINE_SIZE%/$engine_size/" index.html sw.js
sed -i "s|/\*FILES\*/|\"./\",${files#,}|" sw.js

cd ..
rm -rf dist
mv "$new" dist
