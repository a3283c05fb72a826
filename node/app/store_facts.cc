#include "node/app/store_facts.h"

#include "storage/space.h"

namespace idnode::app {
namespace {

/// Administrative rows are in shard 0 (storage/space.h).
constexpr storage::ShardId kFactsShard = 0;

std::string FactKey(const char* name) {
  return std::string(1, static_cast<char>(storage::Space::kMeta)) + name;
}

}  // namespace

Result<void> CheckStoreFacts(storage::Engine& engine, service::Writer& writer,
                             const std::string& time_zone, Deadline deadline) {
  const std::string key = FactKey("time-zone");
  auto stored = engine.Get(kFactsShard, key, deadline);
  if (!stored.ok() && stored.code() != Errc::kNotFound) {
    return Prefix("reading the store's time zone", stored.error());
  }
  if (!stored.ok()) {
    const auto created = writer.Create(key, time_zone, deadline);
    if (created.ok()) return {};
    return Prefix("fixing the store's time zone", created.error());
  }
  if (*stored != time_zone) {
    return Error(Errc::kInvalidRequest,
                 "the store counts in " + *stored + " since it was created, not in " + time_zone +
                     "; set [node] time_zone = \"" + *stored + "\", or begin a new data directory",
                 "node.time_zone");
  }
  return {};
}

}  // namespace idnode::app
