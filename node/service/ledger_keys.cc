#include "node/service/ledger_keys.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/log.h"
#include "storage/key_codec.h"

namespace idnode::service {
namespace {

Error FileError(std::string_view what, const std::string& path) {
  return Error(Errc::kUnavailable,
               std::string(what) + " " + path + ": " + std::system_category().message(errno));
}

Result<void> SyncDirectory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return FileError("cannot open", path);
  const bool synced = ::fsync(directory) == 0;
  ::close(directory);
  if (!synced) return FileError("cannot sync", path);
  return {};
}

Result<void> WriteSecret(const std::string& directory, const std::string& name,
                         const std::string& text) {
  const std::string path = directory + "/" + name;
  const std::string temporary = path + ".new";
  if (::unlink(temporary.c_str()) != 0 && errno != ENOENT) {
    return FileError("cannot remove", temporary);
  }
  const int file =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return FileError("cannot create", temporary);
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(file) == 0;
  ::close(file);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
    return FileError("cannot write", path);
  }
  return SyncDirectory(directory);
}

/// The file's text; nothing where there is no file.
Result<std::optional<std::string>> ReadSecret(const std::string& path) {
  struct ::stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return FileError("cannot read", path);
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0 && ::chmod(path.c_str(), 0600) != 0) {
    return FileError("cannot make private", path);
  }
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file || text.size() > ledger::kKeyPemBytesMax) {
    return Error(Errc::kUnavailable, path + " cannot be read, or is no key");
  }
  return std::optional<std::string>(std::move(text));
}

Result<ledger::Signer> LoadKey(const std::string& directory, const char* file,
                               ledger::SignatureType type, const std::string& origin,
                               const std::string& known_vkey) {
  const std::string path = directory + "/" + file;
  auto text = ReadSecret(path);
  if (!text.ok()) return text.error();
  if (!text->has_value()) {
    if (!known_vkey.empty()) {
      return Error(Errc::kInvalidRequest,
                   "the ledger of this store is signed with " + known_vkey +
                       ", whose secret key is gone: put it back as " + path +
                       " from a backup; no other key can go on with the log",
                   "ledger");
    }
    auto made = ledger::Signer::Generate(type, origin);
    if (!made.ok()) return made.error();
    IDNODE_RETURN_IF_ERROR(WriteSecret(directory, file, made->ToPem()));
    LogInfo("key of the ledger made", {{"vkey", made->verifier().Vkey()}, {"file", path}});
    return made;
  }
  auto key = ledger::Signer::FromPem(type, origin, **text);
  if (!key.ok()) return Prefix("reading " + path, key.error());
  if (!known_vkey.empty() && key->verifier().Vkey() != known_vkey) {
    return Error(Errc::kInvalidRequest,
                 path + " holds another key (" + key->verifier().Vkey() +
                     ") than the ledger of this store is signed with (" + known_vkey + ")",
                 "ledger");
  }
  return key;
}

}  // namespace

Result<LedgerKeys> LoadLedgerKeys(const std::string& directory, const std::string& origin, bool sm2,
                                  const std::optional<storage::LedgerFacts>& known) {
  if (!ledger::IsKeyName(origin)) {
    return Error(Errc::kInvalidRequest,
                 "\"" + origin + "\" cannot name a ledger: no spaces, control characters or \"+\"",
                 "ledger.origin");
  }
  if (known && known->origin != origin) {
    return Error(Errc::kInvalidRequest,
                 "the ledger of this store is " + known->origin + " since it was created, not " +
                     origin + "; set [ledger] origin = \"" + known->origin + "\"",
                 "ledger.origin");
  }
  std::error_code failed;
  std::filesystem::create_directory(directory, failed);
  if (failed)
    return Error(Errc::kUnavailable, "cannot create " + directory + ": " + failed.message());
  if (::chmod(directory.c_str(), 0700) != 0) return FileError("cannot make private", directory);
  IDNODE_RETURN_IF_ERROR(SyncDirectory(std::filesystem::path(directory).parent_path().string()));
  LedgerKeys keys;
  keys.origin = origin;
  auto ed25519 = LoadKey(directory, "ed25519.pem", ledger::SignatureType::kEd25519, origin,
                         known ? known->vkey : "");
  if (!ed25519.ok()) return ed25519.error();
  keys.signers.push_back(*std::move(ed25519));
  if (sm2) {
    auto key = LoadKey(directory, "sm2.pem", ledger::SignatureType::kSm2Sm3, origin,
                       known ? known->vkey_sm2 : "");
    if (!key.ok()) return key.error();
    keys.signers.push_back(*std::move(key));
  }
  return keys;
}

storage::LedgerFacts FactsOf(const LedgerKeys& keys,
                             const std::optional<storage::LedgerFacts>& known) {
  storage::LedgerFacts facts{keys.origin, keys.vkey(), keys.vkey_sm2()};
  // A key stays known while SM2 is off: it may come on again, and then must be the same.
  if (facts.vkey_sm2.empty() && known) facts.vkey_sm2 = known->vkey_sm2;
  return facts;
}

Result<LedgerKeys> OpenLedgerKeys(storage::Engine& engine, Writer& writer,
                                  const std::string& directory, const std::string& origin, bool sm2,
                                  Deadline deadline) {
  const auto known = storage::LedgerStore(engine).Facts(deadline);
  if (!known.ok()) return Prefix("reading what the ledger is", known.error());
  auto keys = LoadLedgerKeys(directory, origin, sm2, *known);
  if (!keys.ok()) return keys;
  const auto facts = FactsOf(*keys, *known);
  if (*known == facts) return keys;
  const std::string bytes = storage::EncodeLedgerFacts(facts);
  const auto written = known->has_value()
                           ? writer.Put(storage::LedgerFactsKey(), bytes, deadline)
                           : writer.Create(storage::LedgerFactsKey(), bytes, deadline);
  if (!written.ok()) return Prefix("fixing what the ledger is", written.error());
  return keys;
}

}  // namespace idnode::service
