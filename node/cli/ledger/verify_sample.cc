// Random leaves: proved by tiles, and resolved where the node is live.
#include <algorithm>
#include <random>
#include <set>
#include <unordered_map>

#include <boost/json/parse.hpp>

#include "node/base/text.h"
#include "node/cli/ledger/texts.h"
#include "node/cli/ledger/verification.h"
#include "node/model/identifier.h"

namespace idnode::cli {
namespace {

constexpr std::size_t kBatch = 64;
/// Hash tiles that are kept for the next proofs: 8 MiB.
constexpr std::size_t kTilesKept = 1024;

std::set<std::uint64_t> Draw(std::uint64_t from, std::uint64_t to, std::uint64_t count,
                             std::uint64_t seed) {
  std::set<std::uint64_t> drawn;
  if (count >= to - from) {
    for (std::uint64_t i = from; i < to; ++i) drawn.insert(drawn.end(), i);
    return drawn;
  }
  // Floyd's way: each set of `count` leaves is as likely, also where it is nearly all of them.
  std::mt19937_64 random(seed);
  for (std::uint64_t last = to - count; last < to; ++last) {
    const std::uint64_t leaf = std::uniform_int_distribution<std::uint64_t>(from, last)(random);
    drawn.insert(drawn.count(leaf) == 0 ? leaf : last);
  }
  return drawn;
}

std::string TextOf(const boost::json::object& record, const char* name) {
  const boost::json::value* value = record.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string().data(), value->get_string().size());
}

/// Whole seconds without their ".000", as protobuf's JSON mapping has them.
std::string JsonTime(std::int64_t unix_ms) {
  std::string text = FormatUtcMs(unix_ms);
  if (unix_ms % 1000 == 0) text.replace(text.size() - 5, 5, "Z");
  return text;
}

}  // namespace

Result<void> Verification::Sample() {
  const ledger::Statement& own = statements_.at(options_.month).statement;
  const std::uint64_t from = own.tree_start.size;
  const std::uint64_t to = own.tree_end.size;
  if (to < from) return {};
  IDNODE_RETURN_IF_ERROR(
      Compare(MakePhrase(texts::kStartHead, options_.month.Text()), own.tree_start, own.tree_end));
  const std::set<std::uint64_t> drawn = Draw(from, to, options_.sample, options_.seed);
  const std::int64_t start_ms = zone_->StartMs(options_.month);
  const std::int64_t end_ms = zone_->StartMs(Month{options_.month.number + 1});

  std::unordered_map<std::string, std::string> kept;
  const ledger::HashReader hashes = ledger::TileHashReader(
      to, [&](std::span<const ledger::Tile> tiles) -> Result<std::vector<std::string>> {
        if (kept.size() > kTilesKept) kept.clear();
        std::vector<std::string> read;
        for (const ledger::Tile& tile : tiles) {
          const std::string path = ledger::TilePath(tile);
          auto at = kept.find(path);
          if (at == kept.end()) {
            auto bytes = reader_.Read({&tile, 1});
            if (!bytes.ok()) return bytes.error();
            at = kept.emplace(path, std::move(bytes->front())).first;
          }
          read.push_back(at->second);
        }
        return read;
      });

  report_.sample.emplace();
  std::vector<std::pair<std::uint64_t, std::string>> batch;
  std::uint64_t bad = 0;
  for (auto at = drawn.begin(); at != drawn.end();) {
    batch.clear();
    for (; at != drawn.end() && batch.size() < kBatch; ++at) {
      auto entry = ReadEntry(*at);
      if (!entry.ok()) {
        IDNODE_RETURN_IF_ERROR(Blame(entry.error(), *at));
        ++report_.sample->failed;
        continue;
      }
      ++report_.leaves_read;
      const ledger::Hash hash = ledger::LeafHash(*entry);
      const auto proof = ledger::InclusionProof(*at, to, hashes);
      if (!proof.ok()) {
        IDNODE_RETURN_IF_ERROR(Blame(proof.error(), *at));
        ++report_.sample->failed;
        continue;
      }
      if (!ledger::VerifyInclusion(hash, *at, to, *proof, own.tree_end.root).ok()) {
        ++report_.sample->failed;
        const ledger::NodeId node{0, *at};
        const auto expected = hashes({&node, 1});
        if (expected.ok() && expected->front() != hash) {
          Add(FaultKind::kTamperedLeaf, MakePhrase(texts::kTampered, *at, *entry), *at);
        } else {
          Add(FaultKind::kForkedCheckpoint, MakePhrase(texts::kTilesElsewhere, to), *at);
        }
        continue;
      }
      const auto leaf = ledger::ParseLeaf(*entry);
      if (!leaf.ok()) {
        Add(FaultKind::kMalformed, MakePhrase(texts::kBadLeaf, *at, leaf.error().detail), *at);
        ++report_.sample->failed;
        continue;
      }
      if (leaf->commit_ms < start_ms || leaf->commit_ms >= end_ms) {
        Add(FaultKind::kLeafOutsideMonth,
            MakePhrase(texts::kOutside, *at, std::string(leaf->identifier),
                       FormatUtcMs(leaf->commit_ms), options_.month.Text(), zone_->name()),
            *at);
        ++report_.sample->failed;
        continue;
      }
      if (!CheckIdentifier(*at, leaf->identifier, bad)) {
        ++report_.sample->failed;
        continue;
      }
      batch.emplace_back(*at, *std::move(entry));
    }
    if (options_.resolve && source_.is_live()) {
      IDNODE_RETURN_IF_ERROR(ResolveSampled(batch));
      report_.sample->asked += batch.size();
    }
    report_.sample->drawn = static_cast<std::uint64_t>(std::distance(drawn.begin(), at));
    if (progress_ && !progress_(report_.sample->drawn, drawn.size())) {
      return Error(Errc::kShuttingDown, "interrupted");
    }
  }
  if (report_.sample->failed == 0) {
    report_.checked.push_back(MakePhrase(texts::kDidSample, report_.sample->drawn, options_.seed));
  }
  if (!source_.is_live()) {
    report_.unchecked.push_back(MakePhrase(texts::kNotResolving));
  } else if (!options_.resolve) {
    report_.unchecked.push_back(MakePhrase(texts::kNotResolvingAsked));
  } else {
    report_.checked.push_back(
        MakePhrase(texts::kDidResolve, report_.sample->resolved, report_.sample->same_content));
  }
  ReportPrefixes();
  report_.unchecked.push_back(MakePhrase(texts::kNotAll));
  return {};
}

Result<void> Verification::ResolveSampled(
    const std::vector<std::pair<std::uint64_t, std::string>>& leaves) {
  std::vector<std::string> identifiers;
  for (const auto& [index, entry] : leaves) {
    identifiers.emplace_back(ledger::ParseLeaf(entry)->identifier);
  }
  const std::vector<Result<std::string>> answers = source_.Resolve(identifiers);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const std::uint64_t index = leaves[i].first;
    const std::string& identifier = identifiers[i];
    if (answers[i].code() == Errc::kNotFound) {
      ++report_.sample->unresolved;
      Add(FaultKind::kNotResolved, MakePhrase(texts::kNotResolvedText, identifier, index), index);
      continue;
    }
    if (!answers[i].ok()) return answers[i].error();
    boost::system::error_code error;
    const boost::json::value answer = boost::json::parse(*answers[i], error);
    if (error || !answer.is_object() ||
        FoldIdentifier(TextOf(answer.get_object(), "identifier")) != FoldIdentifier(identifier)) {
      Add(FaultKind::kRecordDiffers, MakePhrase(texts::kBadAnswer, index, identifier), index);
      continue;
    }
    const boost::json::object& record = answer.get_object();
    const auto leaf = ledger::ParseLeaf(leaves[i].second);
    const std::string first = TextOf(record, "firstRegisteredAt");
    const std::string time = JsonTime(leaf->commit_ms);
    if (first != time) {
      Add(FaultKind::kRecordDiffers,
          MakePhrase(texts::kOtherTime, index, identifier, time, first.empty() ? "-" : first),
          index);
      continue;
    }
    ++report_.sample->resolved;
    const std::string digest = TextOf(record, "contentDigest");
    const bool unchanged =
        TextOf(record, "registeredAt") == first && TextOf(record, "updatedAt") == first;
    if (!leaf->content || digest.empty()) continue;
    const auto bytes = DecodeBase64(digest);
    if (bytes.ok() && *bytes == std::string(leaf->content->begin(), leaf->content->end())) {
      ++report_.sample->same_content;
    } else if (unchanged) {
      Add(FaultKind::kRecordDiffers, MakePhrase(texts::kOtherContent, index, identifier), index);
    }
  }
  return {};
}

}  // namespace idnode::cli
