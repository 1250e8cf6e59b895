# Makes dist/ambrotype-<version>-<platform>.tar.gz: the program with a Java runtime of its own. Sourced by ./ambrotype.

[[ $# -eq 0 ]] || die 2 "package takes no arguments" "./ambrotype package"

[[ -x $java_home/bin/jlink ]] || die 1 "the JDK in $java_home has no jlink" "use a full JDK $required_java or newer"
build_app
lock_build

version=$("$java_home/bin/java" "${jvm_options[@]}" -cp "$app/lib/ambrotype.jar" io.ambrotype.cli.Main --version)
version=${version#ambrotype }
version=${version%% *}
system=$(uname -s | tr '[:upper:]' '[:lower:]')
machine=$(uname -m)
[[ $machine != aarch64 ]] || machine=arm64
name=ambrotype-$version-$system-$machine
work=$home/target/ambrotype/package
root=$work/$name
echo "packaging $name…" >&2
rm -rf "$work"
mkdir -p "$root/bin" "$root/lib"

cp -Rp "$app/lib" "$root/lib/app"
# All that the program and its libraries use. Jackson's support for java.desktop and java.sql is optional, and they are
# half of a runtime.
modules=java.base,java.xml,jdk.unsupported
"$java_home/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --compress zip-6 \
  --generate-cds-archive --output "$root/lib/runtime" >>"$work/package.log" 2>&1 ||
  die 1 "jlink failed" "its output is in $work/package.log"

{
  cat <<'LAUNCHER'
#!/usr/bin/env bash
# Ambrotype with its own Java runtime.
set -euo pipefail

self=${BASH_SOURCE[0]}
while [[ -L $self ]]; do
  link=$(readlink "$self")
  [[ $link == /* ]] && self=$link || self=$(dirname "$self")/$link
done
lib=$(cd -P "$(dirname "$self")/../lib" && pwd)

LAUNCHER
  cat "$home/tools/launch.sh"
  cat <<'LAUNCHER'

launch "$lib/runtime" "$lib/app" "$lib/ambrotype.aot" "$@"
LAUNCHER
} >"$root/bin/ambrotype"
chmod 755 "$root/bin/ambrotype"
cp "$home/LICENSE" "$root/LICENSE"
[[ ! -f $home/README.md ]] || cp "$home/README.md" "$root/README.md"

make_cache "$root/lib/runtime" "$root/lib/app" "$root/lib/ambrotype.aot"

# Nothing of the machine that it was made on, neither owners nor the order of its files.
mkdir -p "$home/dist"
archive=$home/dist/$name.tar.gz
if tar --version 2>/dev/null | grep -q GNU; then
  tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -n -9 >"$archive.new"
else
  tar -C "$work" -cf - "$name" | gzip -n -9 >"$archive.new"
fi
mv -f "$archive.new" "$archive"
rm -rf "$work"
unlock_build
echo "${archive#"$PWD"/}"
