# Ocellus - the build.
#
#   make                 build/ocellus
#   make test-unit       the C unit tests; make asan, make tsan and make msan run
#                        them sanitised
#   make check           style and layers
#   make gallery         docs/gallery.jpg: what every visualisation looks like
#   make fuzz            every target of tests/fuzz for FUZZ_SECONDS each
#   make install         PREFIX=/usr/local DESTDIR=
#
# Everything made lies under BUILD, never beside the sources, so several builds
# (compilers, sanitisers) live side by side.  What tools/bootstrap fetched lies
# under DEPS and is shared by all of them.

BUILD        ?= build
DEPS         ?= build/deps
PREFIX       ?= /usr/local
PYTHON       ?= python3
FUZZ_SECONDS ?= 5

DEPS_DIR := $(abspath $(DEPS))
GEN      := $(BUILD)/gen

# One short line per file made; `make V=1` shows the commands.
Q    := $(if $(V),,@)
SAY  := $(if $(V),@:,@printf '  %-4s %s\n')
MAKEFLAGS += --no-print-directory

# --- what to build ----------------------------------------------------------

SOURCES := $(filter-out src/codecs/%,$(wildcard src/*/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(GEN)/web_assets.o
LIBRARY := $(filter-out $(BUILD)/src/cli/main.o,$(OBJECTS))
CODECS  := $(wildcard src/codecs/*.c) src/base/error.c src/image/codec.c
UNIT    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/unit/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
WEB     := $(wildcard web/*.html web/*.css web/*.js web/*.svg)
SAMPLES := $(wildcard examples/*.json)

# --- how to build it --------------------------------------------------------

PACKAGES := libmicrohttpd sqlite3 libturbojpeg libpng libwebp libwebpdemux libpcre2-8 libsodium zlib

# Debian 12 has no yyjson, so there it comes from DEPS and the program looks
# for it in the build's DEPS, beside itself, and where `make install` puts it.
ifeq ($(shell pkg-config --exists yyjson && echo yes),yes)
PACKAGES    += yyjson
else
YYJSON_CFLAGS := -isystem $(DEPS_DIR)/yyjson/include
YYJSON_LIBS   := $(DEPS_DIR)/yyjson/lib/libyyjson.so.0 -Wl,--enable-new-dtags \
  '-Wl,-rpath,$(DEPS_DIR)/yyjson/lib:$$ORIGIN/deps/yyjson/lib:$$ORIGIN/../lib/ocellus'
endif

PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES)) $(YYJSON_CFLAGS)
PACKAGE_LIBS   := $(shell pkg-config --libs $(PACKAGES)) $(YYJSON_LIBS)

# Exact arithmetic: the same bytes on every machine, so no contraction and no
# fast-math.  SANITIZE and OPTIMIZE are what the variants below change.
OPTIMIZE ?= -O2
SANITIZE ?=
HARDEN   := $(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla \
            -Wstrict-prototypes -Wmissing-prototypes -Werror

CPPFLAGS += -D_GNU_SOURCE -Isrc -I$(GEN) $(PACKAGE_CFLAGS) -MMD -MP
CFLAGS   += -std=c17 $(OPTIMIZE) -g -ffp-contract=off $(HARDEN) $(WARNINGS) $(SANITIZE)
LDFLAGS  += -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANITIZE)
LDLIBS   += $(PACKAGE_LIBS) -lm -ldl -lpthread

# --- the program ------------------------------------------------------------

.PHONY: all
all: $(BUILD)/ocellus $(BUILD)/ocellus-text.so $(BUILD)/ocellus-codecs.so

$(BUILD)/ocellus: $(OBJECTS)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $(OBJECTS) $(LDLIBS) -o $@

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

# The loops of these are plain C, written to become vectors.
VECTORS := $(wildcard src/image/blur*.c src/image/blend*.c src/image/match*.c \
                      src/image/morphology*.c) \
           src/image/fourier.c src/image/glow.c src/image/color.c \
           src/image/threshold.c src/image/warp.c \
           src/vision/stretch.c src/vision/prototype.c src/vision/class_map.c \
           src/vision/proposal.c
$(VECTORS:%.c=$(BUILD)/%.o): OPTIMIZE := $(OPTIMIZE:-O2=-O3)

# Vectors of doubles go only through functions that are inlined, so how others would be
# handed them is nothing to warn of.  Roots that set errno and quotients that may trap are
# not made by vectors.
$(BUILD)/src/image/fourier.o $(BUILD)/src/image/match_fourier.o: CFLAGS += -Wno-psabi
$(BUILD)/src/image/match.o: CFLAGS += -fno-math-errno -fno-trapping-math

# Pages become string literals, longer than ISO C promises to take.
$(GEN)/web_assets.o: $(GEN)/web_assets.c Makefile
	$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-overlength-strings -c $< -o $@

# --- modules ----------------------------------------------------------------

# The codecs are a shared object that is opened when the first TIFF or AVIF
# comes.  Nothing but its table is visible; program and module know each other
# by a stamp of the headers that they share.
CODECS_PACKAGES := libtiff-4 libavif dav1d
CODECS_OBJECTS  := $(CODECS:%.c=$(BUILD)/codecs/%.o)
CODECS_SHARED   := src/image/codecs.h src/image/codec.h src/image/decode.h src/base/error.h

$(CODECS_OBJECTS) $(BUILD)/src/image/codecs.o: $(GEN)/codecs_stamp.h
$(GEN)/codecs_stamp.h: $(CODECS_SHARED)
	@mkdir -p $(@D)
	@echo "#define CODECS_STAMP \"$$(cat $^ | cksum)\"" >$@

$(BUILD)/codecs/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(shell pkg-config --cflags $(CODECS_PACKAGES)) $(CFLAGS) \
	  -fPIC -fvisibility=hidden -c $< -o $@

$(BUILD)/ocellus-codecs.so: $(CODECS_OBJECTS)
	$(SAY) LINK $@
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-z,relro,-z,now -Wl,--as-needed $(SANITIZE) $^ \
	  $(shell pkg-config --libs $(CODECS_PACKAGES)) -o $@

$(BUILD)/src/image/codecs.o: CPPFLAGS += \
  -DOCELLUS_CODECS_DEFAULT='"$(abspath $(BUILD))/ocellus-codecs.so"'

# ONNX Runtime is opened when the first model is loaded, never linked; only
# model/ knows where the build's own copy lies.
$(BUILD)/src/model/%.o: CPPFLAGS += -isystem $(DEPS_DIR)/onnxruntime/include \
  -DOCELLUS_ONNXRUNTIME_DEFAULT='"$(DEPS_DIR)/onnxruntime/lib/libonnxruntime.so.1"'

# --- modules ----------------------------------------------------------------

# Shared objects beside the program, opened when first needed.  The stamp says which
# interface a program or module was built with.
TEXT_SOURCES := $(wildcard modules/text/*.c)
TEXT_OBJECTS := $(TEXT_SOURCES:%.c=$(BUILD)/%.o)
TEXT_CFLAGS  := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags raqm fontconfig freetype2))
TEXT_LIBS    := $(shell pkg-config --libs raqm harfbuzz fontconfig freetype2) -lm -lpthread
TEXT_STAMP   := -DOCELLUS_MODULE_STAMP='"$(firstword $(shell cksum src/draw/text_module.h))"'

$(TEXT_OBJECTS): CPPFLAGS += $(TEXT_CFLAGS) $(TEXT_STAMP)
$(TEXT_OBJECTS): CFLAGS += -fPIC -fvisibility=hidden
$(BUILD)/src/draw/font.o: CPPFLAGS += $(TEXT_STAMP)

$(BUILD)/ocellus-text.so: $(TEXT_OBJECTS)
	$(SAY) LINK $@
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-z,relro,-z,now -Wl,--as-needed $^ $(TEXT_LIBS) -o $@

# --- generated sources ------------------------------------------------------

GENERATED := $(GEN)/hershey.h $(GEN)/web_assets.h
$(OBJECTS) $(UNIT): | $(GENERATED)

$(GEN)/hershey.h: tools/hershey
	@mkdir -p $(@D)
	$(SAY) GEN $@
	$(Q)$(PYTHON) tools/hershey $@

# The list of files is written down, so that a removed page is noticed too.
$(GEN)/web_assets.list: FORCE
	@mkdir -p $(@D)
	@echo '$(WEB) $(SAMPLES)' | cmp -s - $@ || echo '$(WEB) $(SAMPLES)' > $@

$(GEN)/web_assets.h: $(GEN)/web_assets.c ;
$(GEN)/web_assets.c: tools/embed $(GEN)/web_assets.list $(WEB) $(SAMPLES)
	$(SAY) GEN $@
	$(Q)$(PYTHON) tools/embed $(GEN)/web_assets $(WEB) $(SAMPLES)

# --- tests ------------------------------------------------------------------

.PHONY: test-unit unit asan tsan msan clang
test-unit: unit
	@$(RUN_UNIT) $(BUILD)/unit

unit: $(BUILD)/unit $(BUILD)/ocellus-text.so

$(BUILD)/unit: $(LIBRARY) $(UNIT) | $(BUILD)/ocellus-codecs.so
	$(SAY) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

# A variant is this Makefile again, with its own BUILD.
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TSAN := -fsanitize=thread -fno-omit-frame-pointer

asan:
	@$(MAKE) BUILD=$(BUILD)-asan OPTIMIZE=-O1 SANITIZE='$(ASAN)' all test-unit

# gcc's thread sanitizer refuses the address layouts of newer kernels unless
# they are not randomised, where that may be asked for.
tsan:
	@$(MAKE) BUILD=$(BUILD)-tsan OPTIMIZE=-O1 SANITIZE='$(TSAN)' all test-unit \
	  RUN_UNIT='$(shell setarch -R true 2>/dev/null && echo setarch -R)'

# Memory that nobody wrote.  Libraries are not built for this, so only tests of what is
# wholly our own run: parsers and kernels.
MSAN       := -fsanitize=memory -fsanitize-memory-track-origins -fno-omit-frame-pointer
MSAN_TESTS := parsers_ base64_ http_finds_a_part resize_ color_ kernels_

msan:
	@$(MAKE) BUILD=$(BUILD)-msan CC=clang OPTIMIZE=-O1 SANITIZE='$(MSAN)' unit
	@for name in $(MSAN_TESTS); do $(BUILD)-msan/unit $$name || exit 1; done

clang:
	@$(MAKE) BUILD=$(BUILD)-clang CC=clang all unit

# Each tests/fuzz/NAME.c is one target.  What it once choked on stays in
# tests/fuzz/regression/NAME and is run again before anything new is tried.
.PHONY: fuzz fuzz-run
fuzz:
	@$(MAKE) BUILD=$(BUILD)-fuzz CC=clang OPTIMIZE=-O1 \
	  SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' fuzz-run

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(LIBRARY) | $(BUILD)/ocellus-codecs.so
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer -rdynamic $(LDFLAGS) $^ $(LDLIBS) -o $@

.SECONDARY: $(FUZZERS:%=$(BUILD)/tests/fuzz/%.o)
fuzz-run: $(FUZZERS:%=$(BUILD)/fuzz/%)
	@passed=0; failed=0; \
	for name in $(FUZZERS); do \
	  fuzzer=$(BUILD)/fuzz/$$name; log=$$fuzzer.log; found=$(BUILD)/fuzz/found/$$name; \
	  seeds=$$(ls -d tests/fuzz/corpus/$$name 2>/dev/null); \
	  past=$$(find tests/fuzz/regression/$$name -type f 2>/dev/null); \
	  mkdir -p $$found; \
	  if { [ -z "$$past" ] || $$fuzzer $$past; } >$$log 2>&1 && \
	     $$fuzzer -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
	       -artifact_prefix=$(BUILD)/fuzz/ $$found $$seeds >>$$log 2>&1; \
	  then passed=$$((passed + 1)); \
	  else failed=$$((failed + 1)); echo "$$name failed, see $$log:"; tail -n 30 $$log; fi; \
	done; \
	echo "$$passed passed, $$failed failed, 0 skipped"; [ $$failed = 0 ]

.PHONY: style layers check bench nightly
style:
	@tools/style

layers:
	@tools/layers

check: style layers

# Floors and the engine on its own; the servers are timed by tools/bench/run.
BENCHES := engine drawing nms pictures bare_http bare_ort

$(BUILD)/bench/engine $(BUILD)/bench/drawing $(BUILD)/bench/nms $(BUILD)/bench/pictures: $(LIBRARY)
$(BUILD)/tools/bench/%.o $(BUILD)/tests/unit/test_provider.o: CPPFLAGS += \
  -isystem $(DEPS_DIR)/onnxruntime/include
$(BENCHES:%=$(BUILD)/bench/%): $(BUILD)/bench/%: $(BUILD)/tools/bench/%.o
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LDLIBS) -o $@

bench: all $(BENCHES:%=$(BUILD)/bench/%)
	@tools/bench/run --build $(BUILD)

.PHONY: gallery
gallery: all
	@OCELLUS=$(BUILD)/ocellus $(firstword $(wildcard $(BUILD)/venv/bin/python) $(PYTHON)) \
	  tools/gallery

nightly: asan tsan msan
	@$(MAKE) fuzz FUZZ_SECONDS=600

# --- install, clean ---------------------------------------------------------

.PHONY: install clean FORCE
install: all
	install -D -m 755 $(BUILD)/ocellus $(DESTDIR)$(PREFIX)/bin/ocellus
	install -d $(DESTDIR)$(PREFIX)/lib/ocellus
	install -m 644 $(BUILD)/ocellus-text.so $(BUILD)/ocellus-codecs.so \
	  $(DESTDIR)$(PREFIX)/lib/ocellus/
	for lib in $(wildcard $(DEPS)/*/lib/*.so*); do \
	  cp -P "$$lib" $(DESTDIR)$(PREFIX)/lib/ocellus/; done

clean:
	rm -rf $(BUILD)/src $(BUILD)/modules $(BUILD)/codecs $(BUILD)/tests $(GEN)
	rm -rf $(BUILD)/ocellus $(BUILD)/ocellus-text.so $(BUILD)/ocellus-codecs.so $(BUILD)/unit
	rm -rf $(BUILD)-asan $(BUILD)-tsan $(BUILD)-msan $(BUILD)-clang $(BUILD)-fuzz

-include $(OBJECTS:.o=.d) $(TEXT_OBJECTS:.o=.d) $(CODECS_OBJECTS:.o=.d) $(UNIT:.o=.d) \
  $(FUZZERS:%=$(BUILD)/tests/fuzz/%.d)
