#include "node/cli/ledger/vkeys.h"

#include <algorithm>
#include <utility>

#include "node/cli/ledger/file_util.h"

namespace idnode::cli {
namespace {

constexpr std::size_t kVkeyFileBytesMax = 64 * 1024;

}  // namespace

Result<std::vector<ledger::Verifier>> LoadVkeys(const std::string& line_or_file) {
  auto as_line = ledger::Verifier::Parse(line_or_file);
  if (as_line.ok()) return std::vector<ledger::Verifier>{*std::move(as_line)};
  auto text = LoadFile(line_or_file, kVkeyFileBytesMax);
  if (!text.ok()) {
    // What has the shape of a key is judged as one.
    const bool shaped = std::count(line_or_file.begin(), line_or_file.end(), '+') >= 2;
    return Error(Errc::kInvalidRequest,
                 "\"" + line_or_file + "\" is neither a verifier key nor a file with one: " +
                     (shaped ? as_line.error().detail : text.error().detail),
                 "vkey");
  }
  std::vector<ledger::Verifier> verifiers;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    auto verifier = ledger::Verifier::Parse(line);
    if (!verifier.ok()) {
      return Error(Errc::kInvalidRequest, line_or_file + ": " + verifier.error().detail, "vkey");
    }
    verifiers.push_back(*std::move(verifier));
  }
  if (verifiers.empty()) {
    return Error(Errc::kInvalidRequest, line_or_file + " holds no verifier key", "vkey");
  }
  return verifiers;
}

Result<std::vector<ledger::Verifier>> LoadVkeys(const std::vector<std::string>& lines_or_files) {
  std::vector<ledger::Verifier> all;
  for (const std::string& item : lines_or_files) {
    auto some = LoadVkeys(item);
    if (!some.ok()) return some.error();
    for (ledger::Verifier& verifier : *some) {
      const std::string vkey = verifier.Vkey();
      if (std::none_of(all.begin(), all.end(),
                       [&](const ledger::Verifier& v) { return v.Vkey() == vkey; })) {
        all.push_back(std::move(verifier));
      }
    }
  }
  return all;
}

}  // namespace idnode::cli
