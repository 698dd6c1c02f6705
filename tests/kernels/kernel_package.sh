# shellcheck shell=bash disable=SC2154
# Sourced by run.sh: gets kernels out of Debian's packages, into $cache.

# Debian's releases by their main kernel: bullseye has 5.10, bookworm 6.1,
# trixie 6.12. The older ones move on in the security archive.
kernel_suites=(bullseye bookworm trixie)
kernel_security_suites=(bullseye-security bookworm-security trixie-security)

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# What the tests need and Debian builds as modules, in the order of loading.
kernel_modules=(llc stp bridge veth)

# Makes apt look at the suites above, and at nothing of this machine but the
# address of its mirror.
configure_apt() {
  local apt=$cache/apt main security
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  cat >"$apt/apt.conf" <<END
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$apt/lists";
Dir::State::Status "/dev/null";
Dir::Cache "$apt/cache";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "root";
END
  main=$(mirror_labelled Debian)
  security=$(mirror_labelled Debian-Security)
  [[ -n $main ]] || die "apt knows no mirror of Debian: apt-get update first"
  {
    source_lines "$main" "${kernel_suites[@]}"
    [[ -z $security ]] || source_lines "$security" "${kernel_security_suites[@]}"
  } >"$apt/sources.list"
}

# apt-get or apt-cache on those suites.
debian_apt() { APT_CONFIG=$cache/apt/apt.conf "apt-$1" -q "${@:2}"; }

# The address of a mirror of Debian or Debian-Security that this machine uses.
mirror_labelled() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Identifier: Packages' |
    awk -v label="$1" '$1 == label && !found { print $2; found = 1 }'
}

source_lines() {
  local suite
  for suite in "${@:2}"; do
    echo "deb [signed-by=$debian_keyring] $1 $suite main"
  done
}

# The newest kernel package of a version such as 6.1, by the package that
# depends on whichever is the newest.
newest_package() {
  debian_apt cache show linux-image-amd64 |
    awk -v version="$1" '
      $1 == "Version:" { fits = index($2, version ".") == 1; full = $2 }
      $1 == "Depends:" && fits { print full, $2 }' |
    sort -V | awk 'END { print $2 }'
}

# Puts vmlinuz, the modules and their checksums in $cache/VERSION.
unpack_kernel() {
  local version=$1 package=$2 folder=$cache/$1 scratch=$cache/$1.new
  rm -rf "${folder:?}" "${scratch:?}"
  mkdir -p "$scratch/package"
  (cd "$scratch" && debian_apt get download "$package") ||
    die "apt could not download $package"
  dpkg -x "$scratch"/*.deb "$scratch/package"
  cp "$scratch"/package/boot/vmlinuz-* "$scratch/vmlinuz"
  local module
  for module in "${kernel_modules[@]}"; do
    copy_module "$scratch" "$module"
  done
  echo "${package#linux-image-}" >"$scratch/release"
  rm -rf "$scratch/package" "$scratch"/*.deb
  (cd "$scratch" && sha256sum -- * >SHA256SUMS)
  mv "$scratch" "$folder"
}

copy_module() {
  local found
  found=$(find "$1/package" -name "$2.ko" -o -name "$2.ko.xz")
  case $found in
    *.xz) xz --decompress --stdout "$found" >"$1/$2.ko" ;;
    *.ko) cp "$found" "$1/$2.ko" ;;
    *) die "the kernel's package has no module $2" ;;
  esac
}

# After this $cache/VERSION holds vmlinuz and the modules, as they were unpacked.
get_kernel() {
  local version=$1 package
  if (cd "$cache/$version" && sha256sum --check --status SHA256SUMS) 2>/dev/null; then
    return
  fi
  configure_apt
  # A suite that the mirror no longer has is no loss while another has the kernel.
  debian_apt get update || echo "apt could not read every suite" >&2
  package=$(newest_package "$version")
  [[ -n $package ]] || die "Debian's suites ${kernel_suites[*]} have no kernel $version"
  unpack_kernel "$version" "$package"
}
