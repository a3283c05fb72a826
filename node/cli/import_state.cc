#include "node/cli/import_state.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "node/base/text.h"
#include "node/cli/client.h"

namespace idnode::cli {
namespace {

constexpr std::int64_t kStateVersion = 1;
constexpr std::size_t kStateBytesMax = 64 * 1024;
constexpr std::size_t kHashPieceBytes = 1 << 20;

std::string HexOf(const Digest& digest) {
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Error FileError(const std::string& what, const std::string& path) {
  return Error(Errc::kUnavailable, what + " " + path + ": " + std::strerror(errno));
}

/// Reads the members of an object; remembers the first that is missing or of another kind.
class Members {
 public:
  explicit Members(const boost::json::object& object) : object_(object) {}

  std::int64_t Number(std::string_view key) {
    const boost::json::value* value = object_.if_contains(key);
    if (value == nullptr || !value->is_int64() || value->get_int64() < 0) return Bad(key);
    return value->get_int64();
  }
  std::string String(std::string_view key) {
    const boost::json::value* value = object_.if_contains(key);
    if (value == nullptr || !value->is_string()) {
      Bad(key);
      return {};
    }
    return std::string(value->get_string());
  }
  const std::string& bad() const { return bad_; }

 private:
  std::int64_t Bad(std::string_view key) {
    if (bad_.empty()) bad_ = std::string(key);
    return 0;
  }
  const boost::json::object& object_;
  std::string bad_;
};

}  // namespace

std::string ImportState::RequestId(std::int64_t batch) const {
  const Digest digest =
      Sha256(input_sha256 + " " + mapping_digest + " " + std::to_string(batch_rows) + " " + run);
  return "import-" + HexOf(digest).substr(0, 32) + "-" + std::to_string(batch);
}

std::string ImportStatePath(const std::string& input) { return input + ".idnode-import.json"; }

std::string EncodeImportState(const ImportState& state) {
  const boost::json::object object{
      {"version", kStateVersion},
      {"inputBytes", state.input_bytes},
      {"inputSha256", state.input_sha256},
      {"mapping", state.mapping_digest},
      {"batchRows", state.batch_rows},
      {"run", state.run},
      {"nextBatch", state.next_batch},
      {"offset", static_cast<std::int64_t>(state.offset)},
      {"line", static_cast<std::int64_t>(state.line)},
      {"rows", state.counts.rows},
      {"registered", state.counts.registered},
      {"reRegistered", state.counts.re_registered},
      {"unchanged", state.counts.unchanged},
      {"conflicting", state.counts.conflicting},
      {"rejected", state.counts.rejected},
      {"rejectsBytes", state.rejects_bytes},
  };
  return boost::json::serialize(object) + "\n";
}

Result<ImportState> DecodeImportState(const std::string& text) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object()) return Error(Errc::kInvalidRequest, "it is not a JSON object");
  Members members(value.get_object());
  const std::int64_t version = members.Number("version");
  if (members.bad().empty() && version != kStateVersion) {
    return Error(Errc::kInvalidRequest,
                 "it has version " + std::to_string(version) + ", this program reads version 1");
  }
  ImportState state;
  state.input_bytes = members.Number("inputBytes");
  state.input_sha256 = members.String("inputSha256");
  state.mapping_digest = members.String("mapping");
  state.batch_rows = members.Number("batchRows");
  state.run = members.String("run");
  state.next_batch = members.Number("nextBatch");
  state.offset = static_cast<std::uint64_t>(members.Number("offset"));
  state.line = static_cast<std::uint64_t>(members.Number("line"));
  state.counts.rows = members.Number("rows");
  state.counts.registered = members.Number("registered");
  state.counts.re_registered = members.Number("reRegistered");
  state.counts.unchanged = members.Number("unchanged");
  state.counts.conflicting = members.Number("conflicting");
  state.counts.rejected = members.Number("rejected");
  state.rejects_bytes = members.Number("rejectsBytes");
  if (!members.bad().empty()) {
    return Error(Errc::kInvalidRequest, "\"" + members.bad() + "\" is missing or not valid");
  }
  return state;
}

Result<void> ReplaceFile(const std::string& path, std::string_view text, unsigned mode) {
  const std::string temporary = path + ".tmp";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return FileError("cannot create", temporary);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      Error error = FileError("cannot write", temporary);
      ::close(fd);
      return error;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0 || ::close(fd) != 0) return FileError("cannot write", temporary);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return FileError("cannot replace", path);
  return {};
}

Result<void> SaveImportState(const std::string& path, const ImportState& state) {
  return ReplaceFile(path, EncodeImportState(state), 0644);
}

Result<std::optional<ImportState>> LoadImportState(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0) return std::optional<ImportState>();
  auto text = ReadFile(path, kStateBytesMax);
  if (!text.ok()) return text.error();
  auto state = DecodeImportState(*text);
  if (!state.ok()) return Prefix(path, state.error());
  return std::optional<ImportState>(*std::move(state));
}

Result<FileIdentity> IdentifyFile(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) {
    return Error(Errc::kInvalidRequest, "cannot open " + path + ": " + std::strerror(errno));
  }
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                   &EVP_MD_CTX_free);
  IDNODE_CHECK(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  FileIdentity identity;
  std::vector<char> piece(kHashPieceBytes);
  while (true) {
    const std::size_t got = std::fread(piece.data(), 1, piece.size(), file.get());
    if (got == 0) break;
    IDNODE_CHECK(EVP_DigestUpdate(context.get(), piece.data(), got) == 1);
    identity.bytes += static_cast<std::int64_t>(got);
  }
  if (std::ferror(file.get()) != 0) {
    return Error(Errc::kInvalidRequest, "cannot read " + path + ": " + std::strerror(errno));
  }
  Digest digest{};
  unsigned size = 0;
  IDNODE_CHECK(EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1);
  identity.sha256 = HexOf(digest);
  return identity;
}

}  // namespace idnode::cli
