#!/usr/bin/env bash
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite want them: into $OUT, with what $CC, $CXX, $CFLAGS, $CXXFLAGS and
# $LIB_FUZZING_ENGINE say, from $SRC/reweave, in $WORK. Of each target: the program, its seeds, its words, its options.
set -euo pipefail
: "${SRC:?}" "${OUT:?}" "${WORK:?}" "${CC:?}" "${CXX:?}" "${LIB_FUZZING_ENGINE:?}"
# Where stacks are copied AddressSanitizer needs a flag more, which CMakeLists.txt knows.
case ${SANITIZER-} in address | undefined) sanitize=$SANITIZER ;; *) sanitize= ;; esac
source=$SRC/reweave
corpora=$source/corpora/fuzz

# What coverage sees is our own choice: the subject, and of the readers all; not what decides and watches. So the flag that would
# instrument everything is left out here, and CMakeLists.txt puts it where it belongs.
flags=${CXXFLAGS-}
flags=${flags//,fuzzer-no-link/}
flags=${flags//fuzzer-no-link,/}
flags=${flags//-fsanitize=fuzzer-no-link/}
# Where the targets run there are no libraries of ours: fmt comes from its headers.
cmake -G Ninja -S "$source" -B "$WORK/build" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_FLAGS_RELWITHDEBINFO= \
  -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_ASM_COMPILER="$CC" -DCMAKE_CXX_FLAGS="$flags" -DREWEAVE_SANITIZE="$sanitize" \
  -DCMAKE_DISABLE_FIND_PACKAGE_fmt=ON -DREWEAVE_TESTS=OFF -DREWEAVE_PROGRAM=OFF -DREWEAVE_ENGINE=libfuzzer \
  -DREWEAVE_FUZZING_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$WORK/build"

for program in "$WORK"/build/*_fuzzer; do
  name=$(basename "$program")
  target=${name%_fuzzer}
  cp "$program" "$OUT/$name"
  folders=()
  for folder in seeds regressions; do
    if [ -d "$corpora/$target/$folder" ]; then folders+=("$corpora/$target/$folder"); fi
  done
  case $target in
    weave_reader | facts_reader) folders=("$source/corpora/scenarios" "$source/corpora/repros") ;;
    raw_input_reader) folders=("$corpora") ;;
  esac
  # With their folders: several have files of the same name.
  if [ ${#folders[@]} -gt 0 ]; then
    (cd "$source" && find "${folders[@]#"$source"/}" -type f -print0 | sort -z | xargs -0 zip -q "$OUT/${name}_seed_corpus.zip")
  fi
  case $target in
    weave_reader | program_reader | facts_reader | settings_reader | schedule_reader)
      cp "$corpora/weave_reader/weave.dict" "$OUT/$name.dict" ;;
  esac
  # A reader may take neither long nor much memory; the others have limits of their own.
  case $target in
    *_reader) printf '[libfuzzer]\ntimeout = 10\nrss_limit_mb = 1024\n' >"$OUT/$name.options" ;;
    *) printf '[libfuzzer]\nentropic = 0\nmax_len = 4096\n' >"$OUT/$name.options" ;;
  esac
done
