#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "node/ledger/merkle_tree.h"
#include "node/ledger/tile.h"

namespace idnode::ledger::testing {

/// The definitions of RFC 6962 §2.1 word for word, over leaves in memory and without any of the
/// code under test: slow, and plainly right.
class NaiveTree {
 public:
  /// `size` leaves of different lengths, the first empty.
  explicit NaiveTree(std::uint64_t size);

  const std::string& leaf(std::uint64_t index) const { return leaves_[index]; }
  Hash LeafAt(std::uint64_t index) const;
  /// MTH(D[from:to]).
  Hash Mth(std::uint64_t from, std::uint64_t to) const;
  std::vector<Hash> Path(std::uint64_t index, std::uint64_t size) const;
  std::vector<Hash> Proof(std::uint64_t from, std::uint64_t to) const;
  /// Reads nodes out of the leaves.
  HashReader Reader() const;

 private:
  std::vector<Hash> PathIn(std::uint64_t index, std::uint64_t from, std::uint64_t to) const;
  std::vector<Hash> SubProof(std::uint64_t old, std::uint64_t from, std::uint64_t to,
                             bool whole) const;

  std::vector<std::string> leaves_;
  mutable std::map<std::pair<std::uint64_t, std::uint64_t>, Hash> known_;
};

Hash FromHex(std::string_view hex);
std::string HexOf(const Hash& hash);

}  // namespace idnode::ledger::testing
