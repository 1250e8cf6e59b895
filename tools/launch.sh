# How the program's JVM is started. Sourced by ./ambrotype and, as it stands, a part of the packaged bin/ambrotype.

# A small fixed heap, because memory is bounded by configuration and not by data; the collector with the least
# overhead for such a heap; and nothing said by the JVM itself unless it fails. Without multi-release jars zstd-jni
# calls its library by JNI, which is bound in no time; by the foreign function interface it takes most of a second.
jvm_options=(
  -XX:+UseSerialGC -Xms32m -Xmx256m -XX:MaxDirectMemorySize=96m -XX:-UsePerfData
  -Xlog:disable "-Xlog:all=error,aot*=off:stderr" --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow
  -Djdk.util.jar.enableMultiRelease=false
)

# Becomes the program: launch JAVA_HOME JAR_FOLDER AOT_CACHE ARGUMENT...
# An AOT cache that is missing, stale or of another JDK is ignored by the JVM; the start is slower then.
launch() {
  local java=$1/bin/java jars=$2 cache=$3
  shift 3
  # Options in these variables are honoured, but not announced on stderr at every start.
  # shellcheck disable=SC2206 # they are lists of words
  local more=(${JAVA_TOOL_OPTIONS:-} ${JDK_JAVA_OPTIONS:-} ${AMBROTYPE_JAVA_OPTIONS:-})
  unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS
  # Without a locale the JVM could not open files whose names are not ASCII.
  case ${LC_ALL:-${LC_CTYPE:-${LANG:-}}} in
    '' | C | POSIX) export LC_ALL=C.UTF-8 ;;
  esac
  # Java itself cannot tell which of its streams are terminals, nor how wide they are.
  AMBROTYPE_TERMINALS=
  [[ ! -t 0 ]] || AMBROTYPE_TERMINALS+='in '
  [[ ! -t 1 ]] || AMBROTYPE_TERMINALS+='out '
  [[ ! -t 2 ]] || AMBROTYPE_TERMINALS+='err '
  export AMBROTYPE_TERMINALS
  if [[ -n $AMBROTYPE_TERMINALS ]]; then
    shopt -s checkwinsize
    (:)
    export COLUMNS=${COLUMNS:-80}
  fi
  # What ends before the second compiler has done anything is better off without it.
  local compiling=()
  case ${1:-} in
    add-replica | completion | doctor | help | list | nodes-conf | show | status | -*) compiling=(-XX:TieredStopAtLevel=1) ;;
  esac
  exec "$java" "${jvm_options[@]}" ${compiling[@]+"${compiling[@]}"} -XX:AOTCache="$cache" ${more[@]+"${more[@]}"} \
    -cp "$jars/ambrotype.jar" io.ambrotype.cli.Main "$@"
}
