#include "tests/node/ledger/naive_tree.h"

#include <cstdlib>

#include "node/base/text.h"

namespace idnode::ledger::testing {
namespace {

std::string Text(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

/// The largest power of two smaller than `count`.
std::uint64_t Split(std::uint64_t count) {
  std::uint64_t k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

}  // namespace

NaiveTree::NaiveTree(std::uint64_t size) {
  for (std::uint64_t i = 0; i < size; ++i) {
    leaves_.push_back(i == 0 ? "" : std::to_string(i) + std::string(i * 7 % 200, 'x'));
  }
}

Hash NaiveTree::LeafAt(std::uint64_t index) const {
  return Sha256(std::string(1, '\0') + leaves_[index]);
}

Hash NaiveTree::Mth(std::uint64_t from, std::uint64_t to) const {
  if (from == to) return Sha256("");
  if (to - from == 1) return LeafAt(from);
  const auto known = known_.find({from, to});
  if (known != known_.end()) return known->second;
  const std::uint64_t middle = from + Split(to - from);
  const Hash hash = Sha256('\x01' + Text(Mth(from, middle)) + Text(Mth(middle, to)));
  known_[{from, to}] = hash;
  return hash;
}

std::vector<Hash> NaiveTree::PathIn(std::uint64_t index, std::uint64_t from,
                                    std::uint64_t to) const {
  if (to - from == 1) return {};
  const std::uint64_t middle = from + Split(to - from);
  auto path = index < middle ? PathIn(index, from, middle) : PathIn(index, middle, to);
  path.push_back(index < middle ? Mth(middle, to) : Mth(from, middle));
  return path;
}

std::vector<Hash> NaiveTree::Path(std::uint64_t index, std::uint64_t size) const {
  return PathIn(index, 0, size);
}

std::vector<Hash> NaiveTree::SubProof(std::uint64_t old, std::uint64_t from, std::uint64_t to,
                                      bool whole) const {
  if (old == to) return whole ? std::vector<Hash>{} : std::vector<Hash>{Mth(from, to)};
  const std::uint64_t middle = from + Split(to - from);
  const bool left = old <= middle;
  auto proof = left ? SubProof(old, from, middle, whole) : SubProof(old, middle, to, false);
  proof.push_back(left ? Mth(middle, to) : Mth(from, middle));
  return proof;
}

std::vector<Hash> NaiveTree::Proof(std::uint64_t from, std::uint64_t to) const {
  if (from == 0) return {};
  return SubProof(from, 0, to, true);
}

HashReader NaiveTree::Reader() const {
  return [this](std::span<const NodeId> nodes) -> Result<std::vector<Hash>> {
    std::vector<Hash> hashes;
    for (const NodeId& node : nodes) {
      const std::uint64_t from = node.index << node.level;
      const std::uint64_t to = (node.index + 1) << node.level;
      if (to > leaves_.size()) return Error(Errc::kInternal, "a node beyond the tree");
      hashes.push_back(Mth(from, to));
    }
    return hashes;
  };
}

Hash FromHex(std::string_view hex) {
  Hash hash{};
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const std::string byte(hex.substr(2 * i, 2));
    hash[i] = static_cast<std::uint8_t>(std::strtoul(byte.c_str(), nullptr, 16));
  }
  return hash;
}

std::string HexOf(const Hash& hash) { return Hex(Text(hash)); }

}  // namespace idnode::ledger::testing
