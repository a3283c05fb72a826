#include "node/frontend/convert/ledger_convert.h"

#include <utility>

#include "node/frontend/admit_identifier.h"
#include "node/frontend/convert/proto_convert.h"
#include "node/ledger/leaf.h"
#include "node/ledger/signed_note.h"
#include "node/model/identifier.h"

namespace idnode::frontend {
namespace {

std::string_view Bytes(const ledger::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

void SetBytes(const ledger::Hash& hash, std::string& out) { out.assign(Bytes(hash)); }

template <typename Message>
void SetHashes(const std::vector<ledger::Hash>& hashes, Message& out) {
  for (const ledger::Hash& hash : hashes) SetBytes(hash, *out.add_hashes());
}

void FillTreeHead(const ledger::TreeHead& tree, v1::TreeHead& out) {
  out.set_size(tree.size);
  SetBytes(tree.root, *out.mutable_root());
}

template <typename Message>
void FillFigures(const ledger::StatementFigures& figures, Message& out) {
  out.set_first_ever(figures.first_ever);
  out.set_registrations(figures.registrations);
  out.set_re_registrations(figures.re_registrations);
  out.set_deletions(figures.deletions);
  out.set_net(figures.net());
  out.set_reported(figures.reported_upward);
}

// True if nothing of the record is withheld and its content is still the one that `content` is the
// digest of.
bool IsSeenAndSame(const RecordView& record, const service::Disclosure& disclosure,
                   const std::optional<Digest>& content) {
  std::string ignored;
  if (AppendSeenAttributes(record.attributes_json, &disclosure, ignored)) return false;
  ValueReader values = record.values();
  ValueView value;
  while (values.Next(value)) {
    if (!disclosure.SeesValue(value)) return false;
  }
  return !content.has_value() || *content == Sha256(record.content);
}

bool MaySeeLeaf(const service::Services& services, const service::Caller& caller,
                std::string_view leaf_bytes, Deadline deadline) {
  const auto leaf = ledger::ParseLeaf(leaf_bytes);
  if (!leaf.ok()) return false;
  const service::DisclosurePolicy& policy = services.admin.disclosure;
  const std::string folded = FoldIdentifier(leaf->identifier);
  if (policy.SeesEverything(caller, std::string_view(folded).substr(0, folded.find('/')))) {
    return true;
  }
  service::ResolvedRecord resolved;
  const auto found = services.resolution.Read(leaf->identifier, caller, deadline, resolved);
  return found.ok() &&
         IsSeenAndSame(resolved.record, policy.For(caller, folded, resolved.record), leaf->content);
}

}  // namespace

Result<service::LedgerService*> LedgerOf(const service::Services& services) {
  if (services.ledger != nullptr) return services.ledger;
  return Error(Errc::kNotFound, "this node keeps no ledger: [ledger] enabled is false");
}

Result<Month> StatementMonth(const service::Services& services, std::string_view text) {
  if (text.empty()) return services.volume.MonthOf({});
  auto month = Month::Parse(text);
  if (!month.ok()) return Error(Errc::kInvalidRequest, month.error().detail, "month");
  return month;
}

Result<void> CheckCosignatureNote(std::string_view note) {
  if (note.empty()) {
    return Error(Errc::kInvalidRequest, "send a checkpoint of this node with a cosignature",
                 "note");
  }
  if (note.size() > kCosignatureNoteBytesMax) {
    return Error(Errc::kPayloadTooLarge,
                 "the note may have " + std::to_string(kCosignatureNoteBytesMax) + " bytes at most",
                 "note");
  }
  return {};
}

Result<void> FillCheckpoint(const service::Services& services, v1::Checkpoint& out) {
  const auto kept = LedgerOf(services);
  if (!kept.ok()) return kept.error();
  auto bytes = (*kept)->Checkpoint();
  if (!bytes.ok()) return bytes.error();
  const auto note = ledger::ParseNote(*bytes);
  if (!note.ok()) return Error(Errc::kInternal, "our own checkpoint: " + note.error().detail);
  const auto checkpoint = ledger::ParseCheckpoint(note->text);
  if (!checkpoint.ok()) {
    return Error(Errc::kInternal, "our own checkpoint: " + checkpoint.error().detail);
  }
  out.set_origin(checkpoint->origin);
  FillTreeHead(checkpoint->tree, *out.mutable_tree());
  out.set_verifier_key((*kept)->VerifierKey());
  out.set_verifier_key_sm2((*kept)->VerifierKeySm2());
  out.set_note(*std::move(bytes));
  return {};
}

Result<void> FillInclusionProof(const service::Services& services, const service::Caller& caller,
                                std::string_view identifier, Deadline deadline,
                                v1::InclusionProof& out) {
  const auto kept = LedgerOf(services);
  if (!kept.ok()) return kept.error();
  if (identifier.empty() || identifier.size() > kProofIdentifierBytesMax) {
    return Error(Errc::kInvalidIdentifier,
                 "give an identifier of 1 to " + std::to_string(kProofIdentifierBytesMax) +
                     " bytes, such as 88.108.1001/SN1",
                 "identifier");
  }
  IDNODE_RETURN_IF_ERROR(AdmitIdentifier(services, caller, identifier));
  auto report = (*kept)->ProveInclusion(identifier, deadline);
  if (!report.ok()) return report.error();
  out.set_index(report->leaf_index);
  out.set_tree_size(report->tree_size);
  if (MaySeeLeaf(services, caller, report->leaf, deadline)) out.set_leaf(std::move(report->leaf));
  SetBytes(report->leaf_hash, *out.mutable_leaf_hash());
  SetHashes(report->hashes, out);
  out.set_checkpoint(std::move(report->checkpoint));
  return {};
}

void FillConsistencyProof(const service::ConsistencyProofReport& report,
                          v1::ConsistencyProof& out) {
  out.set_from(report.from);
  out.set_to(report.to);
  SetHashes(report.hashes, out);
  out.set_checkpoint(report.checkpoint);
}

void FillStatement(const service::StatementReport& report, const service::LedgerService& keys,
                   v1::Statement& out) {
  const ledger::Statement& read = report.read;
  out.set_note(report.note);
  out.set_checkpoint(report.checkpoint);
  out.set_origin(read.origin);
  out.set_month(read.month.Text());
  out.set_time_zone(read.time_zone);
  switch (read.status) {  // no default: -Wswitch reports a forgotten status
    case ledger::StatementStatus::kProvisional:
      out.set_status(v1::PROVISIONAL);
      break;
    case ledger::StatementStatus::kFinal:
      out.set_status(v1::FINAL);
      break;
  }
  FillTreeHead(read.tree_start, *out.mutable_tree_start());
  FillTreeHead(read.tree_end, *out.mutable_tree_end());
  FillFigures(read.figures, out);
  out.set_target(read.target);
  out.set_target_met(read.target_met);
  v1::StatementBreakdown* breakdown = nullptr;  // rows are ordered by breakdown
  for (const ledger::StatementRow& row : read.rows) {
    const std::string_view name = ledger::BreakdownName(row.breakdown);
    if (breakdown == nullptr || breakdown->name() != name) {
      breakdown = out.add_breakdowns();
      breakdown->set_name(name.data(), name.size());
    }
    auto& group = *breakdown->add_groups();
    group.set_key(row.key);
    FillFigures(row.figures, group);
  }
  for (const auto& [name, value] : read.evidence) {
    auto& evidence = *out.add_evidence();
    evidence.set_name(name);
    evidence.set_value(value);
  }
  out.mutable_generated_at()->set_seconds(read.generated_at_ms / 1000);
  out.mutable_generated_at()->set_nanos(static_cast<std::int32_t>(read.generated_at_ms % 1000) *
                                        1'000'000);
  if (const auto note = ledger::ParseNote(report.note, ledger::kStatementNoteBytesMax); note.ok()) {
    out.set_digest(Hex(Bytes(ledger::StatementDigest(note->text))));
  }
  if (read.previous.has_value()) out.set_previous(Hex(Bytes(*read.previous)));
  out.set_verifier_key(keys.VerifierKey());
  out.set_verifier_key_sm2(keys.VerifierKeySm2());
}

}  // namespace idnode::frontend
