#include "node/model/template_pattern.h"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <unordered_map>

#include "node/model/data_template.h"

namespace idnode {
namespace {

// Names of patterns that are gone are swept once there are this many, and again at twice what is
// left.
constexpr std::size_t kSweepFirst = 1'024;

struct Patterns {
  std::mutex mutex;
  std::unordered_map<std::string, std::weak_ptr<const RE2>> by_text;
  std::size_t sweep_at = kSweepFirst;
};

Patterns& All() {
  static auto* const kAll = new Patterns;  // for as long as the process lives
  return *kAll;
}

}  // namespace

std::shared_ptr<const RE2> CompiledPattern(const std::string& pattern) {
  Patterns& all = All();
  {
    std::lock_guard lock(all.mutex);
    const auto found = all.by_text.find(pattern);
    if (found != all.by_text.end()) {
      if (auto compiled = found->second.lock()) return compiled;
    }
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kTemplatePatternMemoryMax);
  auto compiled = std::make_shared<const RE2>(pattern, options);
  std::lock_guard lock(all.mutex);
  auto& known = all.by_text[pattern];
  if (auto other = known.lock()) return other;  // made meanwhile
  known = compiled;
  if (all.by_text.size() >= all.sweep_at) {
    for (auto at = all.by_text.begin(); at != all.by_text.end();) {
      at = at->second.expired() ? all.by_text.erase(at) : std::next(at);
    }
    all.sweep_at = std::max(kSweepFirst, 2 * all.by_text.size());
  }
  return compiled;
}

}  // namespace idnode
