# What ./ambrotype and ./check share: finding a JDK and Maven, one build at a time, building the program.
# Sourced, not run; works with bash 3.2. Expects `home`, the project's folder, to be set.

. "$home/tools/launch.sh"

readonly required_java=25
readonly required_maven=3.8
app="$home/target/ambrotype/app"
cache="$home/target/ambrotype/ambrotype.aot"
build_log="$home/target/ambrotype/build.log"

# The one form of errors: die STATUS SENTENCE [HINT].
die() {
  printf 'error: %s\n' "$2" >&2
  [[ $# -lt 3 ]] || printf 'hint: %s\n' "$3" >&2
  exit "$1"
}

# Sets release to the feature release (17, 25, …) of the Java in folder $1; fails where there is none.
read_java_release() {
  local line
  release=
  [[ -x $1/bin/java ]] || return 1
  if [[ -r $1/release ]]; then
    while IFS= read -r line; do
      if [[ $line == JAVA_VERSION=* ]]; then
        release=${line#JAVA_VERSION=}
        release=${release//\"/}
        break
      fi
    done <"$1/release"
  fi
  if [[ -z $release ]]; then
    release=$("$1/bin/java" -XshowSettings:properties -version 2>&1 </dev/null |
      sed -n 's/^ *java.specification.version = //p')
  fi
  release=${release#1.}
  release=${release%%[!0-9]*}
  [[ -n $release ]]
}

# True where folder $1 holds a JDK (with a compiler) that is new enough.
is_suitable() {
  local release
  [[ -n $1 && -x $1/bin/javac ]] && read_java_release "$1" && [[ $release -ge $required_java ]]
}

# Follows symbolic links of file $1 and prints where it really is.
real_path() {
  local path=$1 target
  while [[ -L $path ]]; do
    target=$(readlink "$path")
    [[ $target == /* ]] && path=$target || path=$(dirname "$path")/$target
  done
  echo "$(cd -P "$(dirname "$path")" && pwd)/$(basename "$path")"
}

# Sets java_home to the first suitable JDK; fails where there is none.
find_jdk() {
  local candidate
  java_home=
  if [[ -n ${AMBROTYPE_JAVA_HOME:-} ]]; then
    is_suitable "$AMBROTYPE_JAVA_HOME" ||
      die 1 "AMBROTYPE_JAVA_HOME is '$AMBROTYPE_JAVA_HOME', and that is not a JDK $required_java or newer" \
        "let it name a JDK's folder (the one that holds bin/javac), or unset it to have one looked for"
    java_home=$AMBROTYPE_JAVA_HOME
    return 0
  fi
  if is_suitable "${JAVA_HOME:-}"; then
    java_home=$JAVA_HOME
    return 0
  fi
  if candidate=$(command -v javac 2>/dev/null); then
    candidate=$(dirname "$(dirname "$(real_path "$candidate")")")
    if is_suitable "$candidate"; then
      java_home=$candidate
      return 0
    fi
  fi
  local user=${HOME:-/root} folders folder
  folders=/usr/lib/jvm:/usr/lib64/jvm:/usr/java:/usr/local/java:/opt:/opt/java:/opt/homebrew/opt:/usr/local/opt
  folders+=:/home/linuxbrew/.linuxbrew/opt:/Library/Java/JavaVirtualMachines:$user/Library/Java/JavaVirtualMachines
  folders+=:$user/.sdkman/candidates/java:$user/.jdks:$user/.asdf/installs/java:$user/.local/share/mise/installs/java
  # The scripts' own tests need a machine without a JDK.
  [[ -z ${AMBROTYPE_JDK_FOLDERS:-} ]] || folders=$AMBROTYPE_JDK_FOLDERS
  local IFS=:
  for folder in $folders; do
    for candidate in "$folder"/*; do
      if [[ -d $candidate/Contents/Home ]]; then
        candidate=$candidate/Contents/Home
      elif [[ -d $candidate/libexec/openjdk.jdk/Contents/Home ]]; then
        candidate=$candidate/libexec/openjdk.jdk/Contents/Home
      fi
      if is_suitable "$candidate"; then
        java_home=$candidate
        return 0
      fi
    done
  done
  return 1
}

# Prints the command that would install package kind $1 (jdk or maven) on this system; fails where the system has none.
install_command() {
  local sudo= name release
  [[ $(id -u) == 0 ]] || sudo='sudo '
  if command -v apt-cache >/dev/null 2>&1; then
    if [[ $1 == maven ]]; then
      name=maven
    else
      for release in 25 26 27 28 29; do
        apt-cache show "openjdk-$release-jdk-headless" >/dev/null 2>&1 && name=openjdk-$release-jdk-headless && break
      done
    fi
    [[ -n ${name:-} ]] && apt-cache show "$name" >/dev/null 2>&1 && echo "${sudo}apt-get install -y $name"
  elif command -v dnf >/dev/null 2>&1; then
    if [[ $1 == maven ]]; then
      name=maven
    else
      for name in java-25-openjdk-devel java-latest-openjdk-devel; do
        release=$(dnf -q info "$name" 2>/dev/null </dev/null | sed -n 's/^Version *: *\([0-9]*\).*/\1/p' | tail -1)
        [[ -n $release && $release -ge $required_java ]] && break
        name=
      done
    fi
    [[ -n $name ]] && dnf -q info "$name" >/dev/null 2>&1 </dev/null && echo "${sudo}dnf install -y $name"
  elif command -v apk >/dev/null 2>&1; then
    name=maven
    [[ $1 == maven ]] || name=openjdk25-jdk
    [[ -n $(apk search -e "$name" 2>/dev/null) ]] && echo "${sudo}apk add $name"
  elif command -v pacman >/dev/null 2>&1; then
    name=maven
    if [[ $1 == jdk ]]; then
      name=jdk-openjdk
      release=$(pacman -Si "$name" 2>/dev/null </dev/null | sed -n 's/^Version *: *\([0-9]*\).*/\1/p')
      [[ -n $release && $release -ge $required_java ]] || return 1
    fi
    pacman -Si "$name" >/dev/null 2>&1 </dev/null && echo "${sudo}pacman -S --noconfirm $name"
  elif command -v brew >/dev/null 2>&1; then
    name=maven
    [[ $1 == maven ]] || name=openjdk
    brew info "$name" >/dev/null 2>&1 </dev/null && echo "brew install $name"
  else
    return 1
  fi
}

# Offers to run the install command for $1 (jdk or maven); $2 names the thing, $3 says what to do by hand.
# Asks on a terminal, installs without a question where AMBROTYPE_INSTALL=yes, else ends with the command as a hint.
offer_package() {
  local command answer=no
  command=$(install_command "$1") || die 1 "no $2 was found, and this system offers no package for it" "$3"
  if [[ ${AMBROTYPE_INSTALL:-} == yes ]]; then
    answer=yes
  elif [[ -t 0 && -t 2 ]]; then
    printf 'No %s was found. Install it with `%s`? [y/N] ' "$2" "$command" >&2
    IFS= read -r answer || answer=no
  fi
  case $answer in
    y | Y | yes | Yes) ;;
    *) die 1 "no $2 was found" "install it with \`$command\`, or: $3" ;;
  esac
  $command >&2 </dev/null || die 1 "\`$command\` failed" "$3"
}

# Sets java_home to a suitable JDK or ends with what to do.
require_jdk() {
  find_jdk && return 0
  local hint="get a JDK $required_java from https://adoptium.net and let AMBROTYPE_JAVA_HOME name its folder"
  offer_package jdk "JDK $required_java or newer" "$hint"
  find_jdk || die 1 "a JDK was installed, but no JDK $required_java or newer was found" "$hint"
}

# Sets maven to a suitable mvn or ends with what to do. Needs java_home.
require_maven() {
  local version hint="get Maven from https://maven.apache.org and put its bin folder on the PATH"
  command -v mvn >/dev/null 2>&1 || offer_package maven "Maven $required_maven or newer" "$hint"
  maven=$(command -v mvn) || die 1 "no Maven $required_maven or newer was found" "$hint"
  version=$(JAVA_HOME=$java_home MAVEN_OPTS= "$maven" -Dstyle.color=never -v 2>/dev/null </dev/null | sed -n 's/.*Apache Maven \([0-9.]*\).*/\1/p')
  case $version in
    '') die 1 "'$maven -v' does not say which version it is" "$hint" ;;
    [0-2].* | 3.[0-7] | 3.[0-7].*) die 1 "Maven $version ($maven) is too old; $required_maven or newer is needed" "$hint" ;;
  esac
}

# Runs Maven on this project, silently but for what goes wrong.
run_maven() {
  local release warnings=-Werror
  read_java_release "$java_home" && [[ $release -eq $required_java ]] || warnings=-Xlint:all
  # The two options silence warnings of JDK 25 about Maven's own libraries.
  (cd "$home" &&
    JAVA_HOME=$java_home \
      MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED" \
      exec "$maven" -B -ntp -Dstyle.color=never "-Dambrotype.commit=$(commit)" "-Dwarnings=$warnings" "$@" </dev/null 9>&-)
}

# Prints what matters of the log $1 of a build that failed: first what the failed tests say, each in its first lines.
what_failed() {
  awk '/^\[ERROR\] (Failures|Errors): *$/ { telling = 1; next }
    /^\[(INFO|ERROR)\] *$/ || /^\[ERROR\] Tests run:/ { telling = 0 }
    telling { lines = /^\[ERROR\]/ ? 0 : lines + 1; if (lines < 8) print substr($0, 1, 400) }' "$1" || true
  grep -E '^\[(ERROR|WARNING)\] .|^    .*-->|^Caused by' "$1" |
    grep -v -E 're-run Maven|-[eX] switch|\[Help [0-9]\]|For more information|After correcting|  mvn <args>|COMPILATION (ERROR|WARNING)|warnings found and -Werror|reading dependency state|JAR will be empty' |
    awk '!seen[$0]++' || true
  grep -q -E '^\[ERROR\]' "$1" || tail -n 20 "$1"
}

# Prints the commit that is checked out, with a + where files differ from it; nothing outside a git checkout.
commit() {
  local id
  [[ -e $home/.git ]] && id=$(git -C "$home" rev-parse --short=12 HEAD 2>/dev/null) || return 0
  [[ -z $(git -C "$home" status --porcelain --untracked-files=no 2>/dev/null) ]] || id+=+
  echo "$id"
}

# Holds the build lock until this process ends: builds and test runs of one checkout take turns.
lock_build() {
  mkdir -p "$home/target/ambrotype"
  local lock=$home/target/ambrotype/build.lock
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$lock"
    flock -n 9 && return 0
    echo "waiting for another build of this checkout…" >&2
    flock 9
  else
    local holder waited=
    until mkdir "$lock.d" 2>/dev/null; do
      holder=$(cat "$lock.d/pid" 2>/dev/null || true)
      if [[ -n $holder ]] && ! kill -0 "$holder" 2>/dev/null; then
        rm -rf "$lock.d"
        continue
      fi
      [[ -n $waited ]] || echo "waiting for another build of this checkout…" >&2
      waited=yes
      sleep 1
    done
    echo $$ >"$lock.d/pid"
    trap 'rm -rf "'"$lock.d"'"' EXIT
  fi
}

# Ends the hold of lock_build.
unlock_build() {
  if command -v flock >/dev/null 2>&1; then
    exec 9>&-
  else
    rm -rf "$home/target/ambrotype/build.lock.d"
    trap - EXIT
  fi
}

# True where the program is built and nothing that it is built from is newer.
is_fresh() {
  [[ -f $app/stamp ]] &&
    [[ -z $(cd "$home" && find pom.xml .mvn rdb/pom.xml core/pom.xml lab/pom.xml cli/pom.xml \
      rdb/src/main core/src/main lab/src/main cli/src/main tools -newer "$app/stamp" -print 2>/dev/null | head -n 1) ]]
}

# Makes the ahead-of-time cache $3 for Java $1 and the jars in $2. Without one the program starts slower, so that a
# failure here is nobody's concern.
make_cache() {
  rm -f "$3"
  if ! env -u JAVA_TOOL_OPTIONS -u JDK_JAVA_OPTIONS -u _JAVA_OPTIONS \
    "$1/bin/java" "${jvm_options[@]}" -XX:AOTCacheOutput="$3.new" \
    -cp "$2/ambrotype.jar" io.ambrotype.cli.StartupTraining >/dev/null 2>&1 </dev/null 9>&-; then
    rm -f "$3.new"
  fi
  [[ ! -f $3.new ]] || mv -f "$3.new" "$3"
}

# Has the classes in the jar $1 in the form in which the AOT cache takes them. With the old ones the program starts slower.
modernize() {
  env -u JAVA_TOOL_OPTIONS -u JDK_JAVA_OPTIONS -u _JAVA_OPTIONS \
    "$java_home/bin/java" "$home/tools/Modernize.java" "$1" >>"$build_log" 2>&1 </dev/null 9>&- || rm -f "$1.new"
}

# Builds the program into $app where it is missing or older than its sources. Builds take turns; a running program
# keeps the files that it has open.
build_app() {
  is_fresh && return 0
  require_maven
  lock_build
  if ! is_fresh; then
    if [[ -d $app ]]; then
      echo "building ambrotype (its sources are newer)…" >&2
    else
      echo "building ambrotype (first use, about a minute)…" >&2
    fi
    local started=$home/target/ambrotype/stamp
    touch "$started"
    rm -rf "$home/cli/target/app"
    if ! run_maven -Dmaven.test.skip=true -Dspotless.check.skip=true -Djacoco.skip=true -pl cli -am package >"$build_log" 2>&1; then
      what_failed "$build_log" | head -n 30 >&2
      die 1 "the build failed" "the whole log is in $build_log"
    fi
    rm -rf "$app.old" "$app.new"
    cp -Rp "$home/cli/target/app" "$app.new"
    modernize "$app.new/lib"/picocli-*.jar
    mv "$started" "$app.new/stamp"
    [[ ! -d $app ]] || mv "$app" "$app.old"
    mv "$app.new" "$app"
    rm -rf "$app.old"
    make_cache "$java_home" "$app/lib" "$cache"
  fi
  unlock_build
}
