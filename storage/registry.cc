#include "storage/engine.h"
#include "storage/memory/memory_engine.h"
#include "storage/rocksdb/rocksdb_engine.h"

namespace idnode::storage {

Result<std::unique_ptr<Engine>> OpenEngine(const EngineOptions& options) {
  if (options.shards == 0 || options.shards > kShardsMax) {
    return Error(Errc::kInvalidRequest,
                 "there are " + std::to_string(options.shards) + " shards; give 1 to " +
                     std::to_string(kShardsMax),
                 "shards");
  }
  if (options.engine == "memory") return MakeMemoryEngine(options.shards);
  if (options.engine == "rocksdb") return OpenRocksDbEngine(options);
  return Error(Errc::kInvalidRequest,
               "there is no engine \"" + options.engine + "\"; give rocksdb or memory", "engine");
}

}  // namespace idnode::storage
