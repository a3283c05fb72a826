#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node/base/time_zone.h"
#include "node/ledger/checkpoint.h"
#include "node/ledger/note_key.h"
#include "node/ledger/statement.h"

namespace idnode::cli {

/// A leaf as a test writes it down.
struct TestLeaf {
  std::string identifier;
  std::int64_t commit_ms = 0;
  std::string application;
  std::string record_class = "product";
};

/// A log that a test builds, signs and writes into a folder as a node would serve it, so that it
/// can then spoil what it wants to.
class TestLog {
 public:
  explicit TestLog(const std::string& origin = "idnode.example/88.108");

  /// Appends leaves 88.108.<enterprise>/<stem><n> within the month, spread over its days.
  void AddMonth(Month month, std::uint64_t leaves, const std::string& stem = "SN");
  void Add(TestLeaf leaf) { leaves_.push_back(std::move(leaf)); }
  /// Ends the month here: its statement counts what was appended since the last close.
  /// `change` may falsify the statement before it is signed.
  void Close(Month month, ledger::StatementStatus status = ledger::StatementStatus::kFinal,
             const std::function<void(ledger::Statement&)>& change = nullptr);

  /// Writes checkpoint, keys, tiles, entries and statements below `folder`.
  void Write(const std::string& folder) const;

  std::string Bytes(std::uint64_t leaf) const;
  ledger::TreeHead Head(std::uint64_t size) const;
  std::string SignedHead(std::uint64_t size) const;
  std::string StatementNote(Month month) const;
  std::string SignStatement(const ledger::Statement& statement) const;
  ledger::Statement StatementOf(Month month) const;
  std::uint64_t size() const { return leaves_.size(); }
  std::vector<TestLeaf>& leaves() { return leaves_; }

  const ledger::Verifier& verifier() const { return signer_.verifier(); }
  const ledger::Verifier& verifier_sm2() const { return sm2_.verifier(); }
  const ledger::Signer& signer() const { return signer_; }

 private:
  struct Closed {
    Month month;
    ledger::Statement statement;
    std::string note;
  };

  std::string origin_;
  ledger::Signer signer_;
  ledger::Signer sm2_;
  TimeZone zone_;
  std::vector<TestLeaf> leaves_;
  std::vector<Closed> closed_;
};

/// Replaces entry `leaf` of a written log's bundle; the tiles stay as they are.
void ReplaceEntry(const std::string& folder, std::uint64_t leaf, std::uint64_t size,
                  const std::function<void(std::vector<std::string>&, std::size_t)>& change);

inline const Month kOctober = Month::Parse("2026-10").value();
inline const Month kNovember = Month::Parse("2026-11").value();
inline const Month kDecember = Month::Parse("2026-12").value();

}  // namespace idnode::cli
