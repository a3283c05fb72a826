#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"

namespace idnode::ledger {

/// Finds the longest run of bare sequence numbers: identifiers of one stem whose trailing decimal
/// number goes up by one from leaf to leaf (88.1.2/SN0007, 88.1.2/SN0008, …), in the order of the
/// log. Runs of several stems may be interleaved, as shards are; the kStems stems seen last are
/// followed, so a run that pauses while more than that many others go on may be found too short,
/// never too long. ASCII case does not matter, nor do leading zeros. Takes about 40 KB; not safe
/// for concurrent use.
class RunTracker {
 public:
  static constexpr std::size_t kStems = 1024;
  /// Digits of the number that count; those further left belong to the stem.
  static constexpr std::size_t kDigitsMax = 18;

  RunTracker();

  /// Takes the next leaf's identifier. Longer ones than 64 KiB are passed over.
  void Add(std::string_view identifier);

  /// Identifiers in the longest run; 0 if none had a number, 1 if no number followed another.
  std::uint64_t longest() const { return longest_; }
  /// The last identifier of the longest run; empty if there is none.
  const std::string& longest_end() const { return longest_end_; }

  /// Bytes for storage. Numbers of a fixed size: no more than kStateBytesMax.
  std::string Serialize() const;
  static constexpr std::size_t kStateBytesMax = 128 * 1024;
  /// Errors: kFormatTooNew (another version); kCorruption.
  static Result<RunTracker> Parse(std::string_view bytes);

 private:
  struct Slot {
    std::uint64_t stem = 0;  ///< hash of the stem; 0: free
    std::uint64_t next = 0;  ///< the number that would go on with the run
    std::uint64_t length = 0;
    std::uint64_t touched = 0;  ///< when, in leaves
  };
  static constexpr std::size_t kWays = 4;

  std::vector<Slot> slots_;
  std::uint64_t leaves_ = 0;
  std::uint64_t longest_ = 0;
  std::string longest_end_;
};

}  // namespace idnode::ledger
