#!/usr/bin/env bash
# Trunk runs this on the folder it has just filled: adds pictures, data, the list of data sets and stored weights, shrinks the two programs,
# and writes the version and the list of files into index.html and sw.js.
#   MASQUERADE_WEB_DATA  folder with the browser's data (fashion-mnist subset, photos/); without it the page has none
#   MASQUERADE_WASM_OPT  the wasm-opt program; without it the programs stay as the compiler made them
set -euo pipefail

source_dir=$TRUNK_SOURCE_DIR
cd "$TRUNK_STAGING_DIR"

add_folder() { # FROM TO
  if [ -d "$1" ]; then
    mkdir -p "$2"
    cp -R "$1/." "$2/"
  fi
}
add_folder "$source_dir/web/first" first
add_folder "$source_dir/engine/stored" stored
mkdir -p sets && cp "$source_dir/engine/sets/sets.json" sets/
add_folder "${MASQUERADE_WEB_DATA:-}" data

if [ -n "${MASQUERADE_WASM_OPT:-}" ]; then
  for program in masquerade-*_bg.wasm worker_bg.wasm; do
    # Level 1: higher ones take minutes and give programs that are neither smaller when packed nor faster. Merging functions
    # that differ in constants only, such as the thousands of constructors that dependencies have, makes the engine smaller.
    "$MASQUERADE_WASM_OPT" -O1 --enable-bulk-memory --enable-bulk-memory-opt --enable-nontrapping-float-to-int --enable-simd \
      --enable-sign-ext --enable-mutable-globals --enable-reference-types --enable-multivalue \
      --merge-similar-functions --vacuum "$program" -o small.wasm
    mv small.wasm "$program"
  done
fi

version=$(find . -type f | LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum | cut -c1-12)
page_size=$(wc -c < masquerade-*_bg.wasm)
engine_size=$(wc -c < worker_bg.wasm)
files=$(find . -type f ! -name sw.js ! -name index.html ! -name '.*' -printf '"%p"\n' | LC_ALL=C sort | paste -sd,)

sed -i "s/%BUILD%/$version/g; s/%PAGE_SIZE%/$page_size/; s/%ENGINE_SIZE%/$engine_size/" index.html sw.js
sed -i "s|/\*FILES\*/|\"./\",${files#,}|" sw.js
