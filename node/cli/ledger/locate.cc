// Where the entries depart from the signed log: the tiles tell which leaf, and what it should be.
#include <algorithm>
#include <unordered_map>

#include "node/base/text.h"
#include "node/cli/ledger/texts.h"
#include "node/cli/ledger/verification.h"

namespace idnode::cli {
namespace {

/// Bundles that are looked into.
constexpr std::size_t kSuspectsMax = 64;

}  // namespace

Result<bool> Verification::TilesLeadTo(std::uint64_t size, const ledger::Hash& root) {
  const auto tiles_root = ledger::RootHash(size, reader_.Hashes(size));
  if (!tiles_root.ok()) return tiles_root.error();
  return *tiles_root == root;
}

Result<std::vector<Verification::Suspect>> Verification::FindSuspects(std::uint64_t size) {
  std::vector<Suspect> suspects;
  const std::uint64_t bundles = size / ledger::kTileWidth;  // full ones
  for (std::uint64_t t = from_ >> 16; t * ledger::kTileWidth < bundles; ++t) {
    const ledger::Tile tile{ledger::TileKind::kHashes, 1, t, ledger::TileWidthAt(1, t, size)};
    const auto mine = level1_.find(t);
    const std::string_view hashes =
        mine != level1_.end() ? std::string_view(mine->second) : hasher_.PartialTile(1);
    const auto theirs = reader_.Read({&tile, 1});
    if (!theirs.ok()) return theirs.error();
    for (unsigned i = 0; i < tile.width && suspects.size() < kSuspectsMax; ++i) {
      if ((i + std::size_t{1}) * sizeof(ledger::Hash) > hashes.size()) break;
      const ledger::Hash expected = ledger::HashAt(theirs->front(), i);
      if (ledger::HashAt(hashes, i) != expected) {
        suspects.push_back({t * ledger::kTileWidth + i, ledger::kTileWidth, expected});
      }
    }
  }
  if (const auto width = static_cast<unsigned>(size % ledger::kTileWidth); width > 0) {
    const ledger::Tile tile{ledger::TileKind::kHashes, 0, bundles, width};
    const auto theirs = reader_.Read({&tile, 1});
    if (!theirs.ok()) return theirs.error();
    if (theirs->front() != hasher_.PartialTile(0)) suspects.push_back({bundles, width, {}});
  }
  return suspects;
}

Result<void> Verification::Explain(const std::vector<Suspect>& suspects, std::uint64_t size) {
  struct Difference {
    std::uint64_t leaf = 0;
    ledger::Hash shown{};
    std::string entry;
  };
  std::vector<Difference> differences;
  std::unordered_map<std::string, std::uint64_t> places;  // hash of a leaf to where it belongs
  for (const Suspect& suspect : suspects) {
    const std::uint64_t first = suspect.bundle * ledger::kTileWidth;
    const ledger::Tile tile{ledger::TileKind::kHashes, 0, suspect.bundle, suspect.width};
    // As wide as the bundle was read: a part of it may belong to the month after.
    const ledger::Tile entries_tile{ledger::TileKind::kEntries, 0, suspect.bundle,
                                    ledger::TileWidthAt(0, suspect.bundle, size_)};
    const auto hashes = reader_.Read({&tile, 1});
    if (!hashes.ok()) return hashes.error();
    const auto bundle = reader_.Read({&entries_tile, 1});
    if (!bundle.ok()) return bundle.error();
    const auto entries = ledger::ParseEntryBundle(bundle->front(), entries_tile.width);
    if (!entries.ok()) return entries.error();
    if (suspect.expected) {
      const auto hash = ledger::FullTileHash(hashes->front());
      if (!hash.ok()) return hash.error();
      if (*hash != *suspect.expected) {
        Add(FaultKind::kMalformed,
            MakePhrase(texts::kTileContradicts, first, first + suspect.width - 1), first);
        continue;
      }
    }
    for (unsigned i = 0; i < suspect.width && first + i < size; ++i) {
      const ledger::Hash shown = ledger::LeafHash((*entries)[i]);
      const ledger::Hash expected = ledger::HashAt(hashes->front(), i);
      if (shown == expected) continue;
      places.emplace(std::string(expected.begin(), expected.end()), first + i);
      differences.push_back({first + i, shown, std::string((*entries)[i])});
    }
  }
  for (const Difference& difference : differences) {
    const auto place = places.find(std::string(difference.shown.begin(), difference.shown.end()));
    if (place != places.end()) {
      Add(FaultKind::kReorderedLeaf,
          MakePhrase(texts::kReordered, difference.leaf, difference.entry, place->second),
          difference.leaf);
    } else {
      Add(FaultKind::kTamperedLeaf, MakePhrase(texts::kTampered, difference.leaf, difference.entry),
          difference.leaf);
    }
  }
  return {};
}

Result<void> Verification::Locate(std::uint64_t size, const ledger::Hash& root) {
  const auto lead = TilesLeadTo(size, root);
  if (!lead.ok()) return Blame(lead.error());
  if (!*lead) {
    Add(FaultKind::kForkedCheckpoint, MakePhrase(texts::kTilesElsewhere, size));
    return {};
  }
  const std::uint64_t faults = report_.faults_total;
  const auto suspects = FindSuspects(size);
  if (!suspects.ok()) {
    IDNODE_RETURN_IF_ERROR(Blame(suspects.error()));
  } else if (const auto explained = Explain(*suspects, size); !explained.ok()) {
    IDNODE_RETURN_IF_ERROR(Blame(explained.error()));
  }
  if (report_.faults_total == faults) {
    Add(FaultKind::kTamperedLeaf, MakePhrase(texts::kUnexplained, size));
  }
  return {};
}

}  // namespace idnode::cli
