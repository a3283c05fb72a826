# Everything here is a Debian 12 package; node/packages.txt lists them.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)          # module mode: Debian ships no config for 3.21
find_package(gRPC CONFIG REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS headers json url)
find_package(OpenSSL 3 REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(tomlplusplus CONFIG REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
find_library(JEMALLOC_LIBRARY jemalloc)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
find_library(RE2_LIBRARY re2 REQUIRED)

add_library(idnode_cli11 INTERFACE)
target_include_directories(idnode_cli11 SYSTEM INTERFACE ${CLI11_INCLUDE_DIR})

# Debian's librocksdb config does not name its header directory as a system one.
if(IDNODE_BUILD_TESTS OR IDNODE_BUILD_BENCH)
  find_package(GTest CONFIG REQUIRED)
  find_package(benchmark CONFIG REQUIRED)
endif()
