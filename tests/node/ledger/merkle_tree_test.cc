#include "node/ledger/merkle_tree.h"

#include <iostream>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/base/text.h"
#include "tests/node/ledger/naive_tree.h"

namespace idnode::ledger {
namespace {

using testing::FromHex;
using testing::HexOf;
using testing::NaiveTree;

// The eight leaves, and the roots of their beginnings, of the Certificate Transparency test suites
// (certificate-transparency, merkletree/merkle_tree_test.cc).
const std::string kCtLeaves[] = {
    std::string(),
    std::string("\x00", 1),
    "\x10",
    "\x20\x21",
    "\x30\x31",
    "\x40\x41\x42\x43",
    "\x50\x51\x52\x53\x54\x55\x56\x57",
    "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
};
constexpr std::string_view kCtRoots[] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

HashReader CtReader() {
  return [](std::span<const NodeId> nodes) -> Result<std::vector<Hash>> {
    std::vector<Hash> hashes;
    for (const NodeId& node : nodes) {
      std::vector<Hash> row;
      for (std::uint64_t i = node.index << node.level; i < (node.index + 1) << node.level; ++i) {
        row.push_back(LeafHash(kCtLeaves[i]));
      }
      while (row.size() > 1) {
        std::vector<Hash> above;
        for (std::size_t i = 0; i < row.size(); i += 2)
          above.push_back(NodeHash(row[i], row[i + 1]));
        row = above;
      }
      hashes.push_back(row[0]);
    }
    return hashes;
  };
}

TEST(MerkleTreeTest, EmptyTreeIsHashOfNothing) {
  EXPECT_EQ(HexOf(EmptyRoot()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(MerkleTreeTest, RootsOfCertificateTransparencyVectors) {
  for (std::size_t size = 1; size <= 8; ++size) {
    EXPECT_EQ(HexOf(RootHash(size, CtReader()).value()), kCtRoots[size - 1]) << size;
  }
}

TEST(MerkleTreeTest, ConsistencyProofOfCertificateTransparencyVectors) {
  const auto proof = ConsistencyProof(6, 8, CtReader());
  ASSERT_TRUE(proof.ok());
  ASSERT_EQ(proof->size(), 3U);
  EXPECT_EQ(HexOf((*proof)[0]), "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a");
  EXPECT_EQ(HexOf((*proof)[1]), "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0");
  EXPECT_EQ(HexOf((*proof)[2]), "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7");
  EXPECT_TRUE(VerifyConsistency(6, FromHex(kCtRoots[5]), 8, FromHex(kCtRoots[7]), *proof).ok());
}

TEST(MerkleTreeTest, EveryProofOfSmallTreesIsTheNaiveOneAndVerifies) {
  constexpr std::uint64_t kSize = 70;
  const NaiveTree tree(kSize);
  for (std::uint64_t size = 1; size <= kSize; ++size) {
    const Hash root = RootHash(size, tree.Reader()).value();
    ASSERT_EQ(root, tree.Mth(0, size));
    for (std::uint64_t i = 0; i < size; ++i) {
      const auto proof = InclusionProof(i, size, tree.Reader());
      ASSERT_TRUE(proof.ok());
      ASSERT_EQ(*proof, tree.Path(i, size)) << i << " of " << size;
      ASSERT_TRUE(VerifyInclusion(LeafHash(tree.leaf(i)), i, size, *proof, root).ok());
    }
    for (std::uint64_t from = 0; from <= size; ++from) {
      const auto proof = ConsistencyProof(from, size, tree.Reader());
      ASSERT_TRUE(proof.ok());
      ASSERT_EQ(*proof, tree.Proof(from, size)) << from << " to " << size;
      ASSERT_TRUE(VerifyConsistency(from, tree.Mth(0, from), size, root, *proof).ok());
    }
  }
}

class RandomTrees : public ::testing::Test {
 protected:
  RandomTrees() : seed_(std::random_device()()), random_(seed_) {
    std::cout << "seed " << seed_ << "\n";
  }
  std::uint64_t Below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
  }
  /// A proof with one thing wrong.
  std::vector<Hash> Mutated(std::vector<Hash> proof) {
    switch (proof.empty() ? 1 : Below(4)) {
      case 0: {
        auto& hash = proof[Below(proof.size())];
        hash[Below(hash.size())] ^= static_cast<std::uint8_t>(1 << Below(8));
        break;
      }
      case 1:
        proof.insert(proof.begin() + static_cast<std::ptrdiff_t>(Below(proof.size() + 1)),
                     Sha256("more"));
        break;
      case 2:
        proof.erase(proof.begin() + static_cast<std::ptrdiff_t>(Below(proof.size())));
        break;
      default:
        std::swap(proof.front(), proof.back());
        if (proof.size() < 2) proof.push_back(proof.front());
    }
    return proof;
  }

  unsigned seed_;
  std::mt19937_64 random_;
};

TEST_F(RandomTrees, ProofsAreTheNaiveOnesAndMutationsFail) {
  const NaiveTree tree(2000);
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t size = 1 + Below(2000);
    const std::uint64_t index = Below(size);
    const Hash root = tree.Mth(0, size);
    const auto path = InclusionProof(index, size, tree.Reader()).value();
    ASSERT_EQ(path, tree.Path(index, size));
    const Hash leaf = LeafHash(tree.leaf(index));
    ASSERT_TRUE(VerifyInclusion(leaf, index, size, path, root).ok());
    const auto bad_path = Mutated(path);
    ASSERT_EQ(VerifyInclusion(leaf, index, size, bad_path, root).code(), Errc::kCorruption)
        << index << " of " << size;
    ASSERT_FALSE(VerifyInclusion(Sha256("other"), index, size, path, root).ok());
    if (size > 1) {
      const std::uint64_t other = (index + 1 + Below(size - 1)) % size;
      ASSERT_FALSE(VerifyInclusion(leaf, other, size, path, root).ok()) << other << " of " << size;
    }

    const std::uint64_t from = 1 + Below(size);
    const Hash old = tree.Mth(0, from);
    const auto proof = ConsistencyProof(from, size, tree.Reader()).value();
    ASSERT_EQ(proof, tree.Proof(from, size));
    ASSERT_TRUE(VerifyConsistency(from, old, size, root, proof).ok());
    ASSERT_EQ(VerifyConsistency(from, old, size, root, Mutated(proof)).code(), Errc::kCorruption)
        << from << " to " << size;
    ASSERT_FALSE(VerifyConsistency(from, Sha256("fork"), size, root, proof).ok());
    ASSERT_FALSE(VerifyConsistency(from, old, size, Sha256("fork"), proof).ok());
  }
}

TEST(MerkleTreeTest, RefusesWhatCannotBe) {
  const NaiveTree tree(4);
  EXPECT_EQ(InclusionProof(4, 4, tree.Reader()).code(), Errc::kInvalidRequest);
  EXPECT_EQ(InclusionProof(0, kTreeSizeMax + 1, tree.Reader()).code(), Errc::kInvalidRequest);
  EXPECT_EQ(ConsistencyProof(3, 2, tree.Reader()).code(), Errc::kInvalidRequest);
  EXPECT_EQ(VerifyInclusion(tree.LeafAt(0), 4, 4, {}, tree.Mth(0, 4)).code(),
            Errc::kInvalidRequest);
  EXPECT_EQ(VerifyConsistency(3, tree.Mth(0, 3), 2, tree.Mth(0, 2), {}).code(),
            Errc::kInvalidRequest);
  // Two roots for one size: what a fork looks like when nothing else does.
  EXPECT_EQ(VerifyConsistency(3, tree.Mth(0, 3), 3, tree.Mth(0, 2), {}).code(), Errc::kCorruption);
  EXPECT_EQ(VerifyConsistency(0, tree.Mth(0, 3), 3, tree.Mth(0, 3), {}).code(), Errc::kCorruption);
}

TEST(MerkleTreeTest, PassesOnTheReadersError) {
  const HashReader failing = [](std::span<const NodeId>) -> Result<std::vector<Hash>> {
    return Error(Errc::kUnavailable, "no tiles today");
  };
  const HashReader short_reader = [](std::span<const NodeId>) -> Result<std::vector<Hash>> {
    return std::vector<Hash>{};
  };
  EXPECT_EQ(RootHash(3, failing).code(), Errc::kUnavailable);
  EXPECT_EQ(InclusionProof(1, 3, failing).code(), Errc::kUnavailable);
  EXPECT_EQ(ConsistencyProof(1, 3, failing).code(), Errc::kUnavailable);
  EXPECT_EQ(RootHash(3, short_reader).code(), Errc::kInternal);
}

TEST(MerkleTreeTest, SubtreesCoverTheLargestTree) {
  const auto nodes = SubtreesOf(0, kTreeSizeMax);
  ASSERT_EQ(nodes.size(), 63U);
  EXPECT_EQ(nodes.front(), (NodeId{62, 0}));
  EXPECT_EQ(nodes.back(), (NodeId{0, kTreeSizeMax - 1}));
  EXPECT_TRUE(SubtreesOf(5, 5).empty());
}

}  // namespace
}  // namespace idnode::ledger
