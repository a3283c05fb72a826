#include "node/cli/ledger/witness.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "node/base/text.h"
#include "node/cli/ledger/file_util.h"
#include "node/ledger/signed_note.h"

namespace idnode::cli {
namespace {

using ledger::SignatureType;
using ledger::Signer;

std::string ShortHash(std::string_view text) {
  const Digest digest = Sha256(text);
  return Hex({reinterpret_cast<const char*>(digest.data()), 16});
}

struct Key {
  Signer signer;
  bool is_new = false;
};

Result<Key> LoadOrMakeKey(const std::string& folder, const std::string& name) {
  const std::string pem_path = folder + "/witness.pem";
  const std::string vkey_path = folder + "/witness.vkey";
  auto pem = LoadFile(pem_path, ledger::kKeyPemBytesMax);
  auto vkey = LoadFile(vkey_path, ledger::kVkeyBytesMax);
  if (pem.ok() && vkey.ok()) {
    while (!vkey->empty() && vkey->back() == '\n') vkey->pop_back();
    const auto verifier = ledger::Verifier::Parse(*vkey);
    if (!verifier.ok()) {
      return Error(Errc::kCorruption, vkey_path + ": " + verifier.error().detail);
    }
    if (!name.empty() && name != verifier->name()) {
      return Error(Errc::kInvalidRequest,
                   "the witness in " + folder + " is named \"" + verifier->name() + "\"", "name");
    }
    auto signer = Signer::FromPem(SignatureType::kCosignatureV1, verifier->name(), *pem);
    if (!signer.ok()) return Error(Errc::kCorruption, pem_path + ": " + signer.error().detail);
    if (signer->verifier().Vkey() != *vkey) {
      return Error(Errc::kCorruption, pem_path + " is not the key of " + vkey_path);
    }
    return Key{*std::move(signer), false};
  }
  if (vkey.ok() || vkey.code() != Errc::kNotFound) {
    return Error(Errc::kCorruption, "cannot read the key of " + vkey_path + ": " + pem_path);
  }
  if (!pem.ok() && pem.code() != Errc::kNotFound) return pem.error();
  if (name.empty()) {
    char host[256] = "localhost";
    (void)::gethostname(host, sizeof host - 1);
    return LoadOrMakeKey(folder, std::string(host) + "/idnode-witness");
  }
  // A key without a verifier key line was never told to anybody: it was being made.
  auto signer = Signer::Generate(SignatureType::kCosignatureV1, name);
  if (!signer.ok()) return signer.error();
  IDNODE_RETURN_IF_ERROR(StoreFile(pem_path, signer->ToPem(), 0600, Durability::kMachine));
  IDNODE_RETURN_IF_ERROR(
      StoreFile(vkey_path, signer->verifier().Vkey() + "\n", 0644, Durability::kMachine));
  return Key{*std::move(signer), true};
}

}  // namespace

Result<std::unique_ptr<Witness>> Witness::Open(const std::string& folder, const std::string& name,
                                               std::vector<WitnessedLog> logs, const Clock& clock) {
  for (std::size_t i = 0; i < logs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (logs[i].origin == logs[j].origin) {
        return Error(Errc::kInvalidRequest, "two logs are both \"" + logs[i].origin + "\"", "node");
      }
    }
  }
  IDNODE_RETURN_IF_ERROR(MakeFolder(folder, 0700));
  IDNODE_RETURN_IF_ERROR(MakeFolder(folder + "/logs", 0700));
  const std::string lock_path = folder + "/lock";
  const int fd = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error(Errc::kUnavailable, "cannot open " + lock_path + ": " + std::strerror(errno));
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return Error(Errc::kDataDirectoryInUse, folder + " is in use by another witness");
  }
  auto key = LoadOrMakeKey(folder, name);
  if (!key.ok()) {
    ::close(fd);
    return key.error();
  }
  std::unique_ptr<Witness> witness(
      new Witness(folder, std::move(key->signer), std::move(logs), clock));
  witness->lock_fd_ = fd;
  witness->is_new_ = key->is_new;
  IDNODE_RETURN_IF_ERROR(witness->LoadState());
  return witness;
}

Witness::~Witness() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

std::string Witness::StatePath(const std::string& origin) const {
  return folder_ + "/logs/" + ShortHash(origin) + ".checkpoint";
}

Result<void> Witness::LoadState() {
  const std::lock_guard lock(mutex_);
  for (const WitnessedLog& log : logs_) {
    const std::string path = StatePath(log.origin);
    auto note = LoadFile(path, ledger::kNoteBytesMax);
    if (!note.ok() && note.code() == Errc::kNotFound) continue;
    if (!note.ok()) return note.error();
    std::vector<ledger::Verifier> keys = log.keys;
    keys.push_back(signer_.verifier());
    const auto opened = ledger::OpenCheckpoint(*note, keys, log.origin);
    if (!opened.ok()) return Error(Errc::kCorruption, path + ": " + opened.error().detail);
    const bool ours = std::any_of(
        opened->opened.verified.begin(), opened->opened.verified.end(),
        [&](const ledger::VerifiedSignature& v) { return v.verifier == keys.size() - 1; });
    if (!ours) return Error(Errc::kCorruption, path + " was not cosigned by this witness");
    states_[log.origin] = {opened->checkpoint.tree, *std::move(note)};
  }
  return {};
}

const WitnessedLog* Witness::Find(const std::string& origin) const {
  const auto log = std::find_if(logs_.begin(), logs_.end(),
                                [&](const WitnessedLog& l) { return l.origin == origin; });
  return log == logs_.end() ? nullptr : &*log;
}

std::optional<ledger::TreeHead> Witness::Last(const std::string& origin) const {
  const std::lock_guard lock(mutex_);
  const auto state = states_.find(origin);
  if (state == states_.end()) return std::nullopt;
  return state->second.head;
}

std::string Witness::LastNote(const std::string& origin) const {
  const std::lock_guard lock(mutex_);
  const auto state = states_.find(origin);
  return state == states_.end() ? std::string() : state->second.note;
}

std::uint64_t Witness::refused() const {
  const std::lock_guard lock(mutex_);
  return refused_;
}

WitnessAnswer Witness::Add(const AddCheckpointRequest& request) {
  const auto refuse = [](WitnessVerdict verdict, std::string why, std::uint64_t known = 0) {
    return WitnessAnswer{verdict, known, {}, std::move(why), {}};
  };
  auto note = ledger::ParseNote(request.checkpoint);
  if (!note.ok()) return refuse(WitnessVerdict::kMalformed, note.error().detail);
  const auto checkpoint = ledger::ParseCheckpoint(note->text);
  if (!checkpoint.ok()) return refuse(WitnessVerdict::kMalformed, checkpoint.error().detail);
  const std::string& origin = checkpoint->origin;
  const WitnessedLog* log = Find(origin);
  if (log == nullptr) {
    return refuse(WitnessVerdict::kUnknownOrigin, "\"" + origin + "\" is not witnessed here");
  }
  const auto opened = ledger::OpenNote(*std::move(note), log->keys);
  if (!opened.ok()) return refuse(WitnessVerdict::kBadSignature, opened.error().detail);
  const ledger::TreeHead& tree = checkpoint->tree;
  if (request.old_size > tree.size) {
    return refuse(WitnessVerdict::kMalformed, "the old size is beyond the checkpoint's");
  }
  // From here to the end nothing may come in between: what is checked is what is replaced.
  const std::lock_guard lock(mutex_);
  const auto state = states_.find(origin);
  const ledger::TreeHead known =
      state == states_.end() ? ledger::TreeHead{0, ledger::EmptyRoot()} : state->second.head;
  if (request.old_size != known.size) {
    return refuse(WitnessVerdict::kOtherSize,
                  "the last cosigned checkpoint has " + std::to_string(known.size) + " leaves",
                  known.size);
  }
  if (tree.size == known.size && tree.root != known.root) {
    ++refused_;
    WitnessAnswer answer = refuse(WitnessVerdict::kForked,
                                  "another root than the cosigned one of this size", known.size);
    answer.evidence = SaveEvidenceLocked(origin, request.checkpoint, answer.detail);
    return answer;
  }
  const auto consistent =
      ledger::VerifyConsistency(known.size, known.root, tree.size, tree.root, request.proof);
  if (!consistent.ok()) {
    return refuse(WitnessVerdict::kBadProof, consistent.error().detail, known.size);
  }
  const auto cosignature = ledger::CosignText(opened->note.text, signer_, clock_.WallMs() / 1000);
  if (!cosignature.ok()) {
    return refuse(WitnessVerdict::kStateFailure, cosignature.error().detail, known.size);
  }
  ledger::Note kept{opened->note.text, {}};
  for (const ledger::VerifiedSignature& verified : opened->verified) {
    kept.signatures.push_back(opened->note.signatures[verified.signature]);
  }
  kept.signatures.push_back(*cosignature);
  State next{tree, ledger::FormatNote(kept)};
  const auto stored = StoreFile(StatePath(origin), next.note, 0600, Durability::kMachine);
  if (!stored.ok()) {
    return refuse(WitnessVerdict::kStateFailure, stored.error().detail, known.size);
  }
  states_[origin] = std::move(next);
  return {WitnessVerdict::kCosigned, tree.size, ledger::FormatSignatureLine(*cosignature), {}, {}};
}

std::string Witness::SaveEvidence(const std::string& origin, const std::string& note,
                                  const std::string& why) {
  const std::lock_guard lock(mutex_);
  ++refused_;
  return SaveEvidenceLocked(origin, note, why);
}

std::string Witness::SaveEvidenceLocked(const std::string& origin, const std::string& note,
                                        const std::string& why) {
  const auto state = states_.find(origin);
  const std::string known = state == states_.end() ? std::string() : state->second.note;
  // Named by both heads, so that the same contradiction is one file however often it shows.
  const std::size_t known_end = known.find("\n\n");
  const std::size_t note_end = note.find("\n\n");
  const std::string folder = folder_ + "/evidence";
  const std::string path = folder + "/" + ShortHash(origin).substr(0, 8) + "-" +
                           ShortHash(known.substr(0, known_end) + note.substr(0, note_end)) +
                           ".txt";
  std::error_code error;
  if (std::filesystem::exists(path, error)) return path;
  std::size_t files = 0;
  for (auto at = std::filesystem::directory_iterator(folder, error);
       !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    ++files;
  }
  if (files >= kEvidenceMax) return {};
  const std::string text = why + "\n\n--- cosigned ---\n" + known + "\n--- refused ---\n" + note;
  return StoreFile(path, text, 0600, Durability::kMachine).ok() ? path : std::string();
}

WitnessHttpAnswer AnswerWitness(Witness& witness, std::string_view method, std::string_view target,
                                std::string_view body) {
  if (target == "/vkey" && method == "GET")
    return {200, "text/plain; charset=utf-8", witness.verifier().Vkey() + "\n"};
  if (target == "/metrics" && method == "GET") {
    std::string text =
        "# TYPE idnode_witness_refused_total counter\nidnode_witness_refused_total " +
        std::to_string(witness.refused()) + "\n# TYPE idnode_witness_tree_size gauge\n";
    for (const WitnessedLog& log : witness.logs()) {
      const auto last = witness.Last(log.origin);
      std::string label;
      for (const char c : log.origin) {
        if (c == '"' || c == '\\') label += '\\';
        label += c;
      }
      text += "idnode_witness_tree_size{origin=\"" + label + "\"} " +
              std::to_string(last ? last->size : 0) + "\n";
    }
    return {200, "text/plain; version=0.0.4", std::move(text)};
  }
  if (target != "/add-checkpoint") return {404, "text/plain; charset=utf-8", "not found\n"};
  if (method != "POST") return {405, "text/plain; charset=utf-8", "POST only\n"};
  const auto request = ParseAddCheckpoint(body);
  if (!request.ok()) {
    return {request.code() == Errc::kPayloadTooLarge ? 413U : 400U, "text/plain; charset=utf-8",
            request.error().detail + "\n"};
  }
  WitnessAnswer answer = witness.Add(*request);
  unsigned status = 500;
  switch (answer.verdict) {
    case WitnessVerdict::kCosigned:
      return {200, "text/plain; charset=utf-8", std::move(answer.signatures)};
    case WitnessVerdict::kOtherSize:
    case WitnessVerdict::kForked:
      return {409, "text/x.tlog.size", std::to_string(answer.known_size) + "\n"};
    case WitnessVerdict::kMalformed:
      status = 400;
      break;
    case WitnessVerdict::kUnknownOrigin:
      status = 404;
      break;
    case WitnessVerdict::kBadSignature:
      status = 403;
      break;
    case WitnessVerdict::kBadProof:
      status = 422;
      break;
    case WitnessVerdict::kStateFailure:
      return {500, "text/plain; charset=utf-8", "state\n"};
  }
  return {status, "text/plain; charset=utf-8", answer.detail + "\n"};
}

}  // namespace idnode::cli
