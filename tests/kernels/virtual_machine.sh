# shellcheck shell=bash disable=SC2154
# Sourced by run.sh: a virtual machine with one kernel, and in its memory the
# programs under test.

# Prints the shared libraries of programs, with their loader.
libraries_of() {
  ldd "$@" | grep -o '/[^ ]*' | grep -v ':$' | sort -u
}

# Copies files to the place below $1 that they have here.
copy_to() {
  local file
  for file in "${@:2}"; do
    mkdir -p "$1$(dirname "$file")"
    cp -L "$file" "$1$file"
  done
}

# Fills a folder with everything the guest needs but its kernel's modules: the
# programs under test in /build, the few tools that they and check.sh start.
make_guest_root() {
  local guest=$1 tools=(/bin/sh) libraries program
  for program in ip setpriv; do tools+=("$(command -v "$program")"); done
  mkdir -p "$guest"/{busybox,dev,proc,sys,tmp,run,modules}
  for program in $test_programs $agent_program; do
    mkdir -p "$guest/build/${program%/*}"
    cp "$build/$program" "$guest/build/$program"
  done
  # shellcheck disable=SC2086
  mapfile -t libraries < <(cd "$build" && libraries_of "${tools[@]}" $test_programs $agent_program)
  copy_to "$guest" "${tools[@]}" "${libraries[@]}"
  cp -L "$(command -v busybox)" "$guest/busybox/busybox"
  cp "$here/init.sh" "$guest/init"
  cp "$here/check.sh" "$here/programs.sh" "$guest/"
}

# Packs that folder with the modules of one kernel into an initramfs.
pack_initramfs() {
  local guest=$1 kernel=$2 archive=$3 module number=0
  rm -f "$guest"/modules/*
  for module in "${kernel_modules[@]}"; do
    cp "$kernel/$module.ko" "$guest/modules/$((number += 1))-$module.ko"
  done
  (cd "$guest" && find . -print0 | cpio --null --create --format newc --quiet) >"$archive"
}

# Boots it to its end, or to the end of its time. Leaves what the guest printed
# in $3, and what check.sh reported in $4. Grace periods are expedited: in an
# emulated machine with nothing else to do, Linux 6.1 takes seconds for one.
boot() {
  local kernel=$1 initramfs=$2 console=$3 results=$4
  timeout --foreground --kill-after=5 "$time_limit" \
    qemu-system-x86_64 -accel tcg -cpu max -smp 2 -m 2G \
    -nodefaults -display none -no-reboot \
    -kernel "$kernel/vmlinuz" -initrd "$initramfs" \
    -append "console=ttyS0 quiet panic=-1 nowatchdog rcupdate.rcu_expedited=1 rdinit=/init" \
    -serial "file:$console" -serial "file:$results" </dev/null
}
