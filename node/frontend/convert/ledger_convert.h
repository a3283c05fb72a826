#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "idnode/v1/ledger.pb.h"
#include "node/base/result.h"
#include "node/service/ledger_service.h"
#include "node/service/services.h"

namespace idnode::frontend {

/// Longest note that a witness may hand in: a checkpoint with every cosignature it may have.
inline constexpr std::size_t kCosignatureNoteBytesMax = 64 * 1024;
/// Longest identifier that a proof is looked up for, as in the grammar (design §3).
inline constexpr std::size_t kProofIdentifierBytesMax = 255;

/// The node's ledger. Errors: kNotFound where it keeps none.
Result<service::LedgerService*> LedgerOf(const service::Services& services);

/// The month that `text` names; empty: the one running in the counting zone. Errors:
/// kInvalidRequest (field "month"), and those of the volume service.
Result<Month> StatementMonth(const service::Services& services, std::string_view text);

/// Success if `note` is no longer than kCosignatureNoteBytesMax and not empty. Errors:
/// kPayloadTooLarge, kInvalidRequest (field "note").
Result<void> CheckCosignatureNote(std::string_view note);

/// The newest checkpoint. Errors: kNotFound (no ledger), those of the service.
Result<void> FillCheckpoint(const service::Services& services, v1::Checkpoint& out);

/// Looks the proof up and fills it. The leaf's bytes are absent where they could tell the caller of
/// values it may not see: they hold the SHA-256 of all values at the first registration. So
/// others get them only of a record that still has this content and of which they see everything;
/// the owner, auditors and the operator always. Errors: kInvalidIdentifier, kIdentifierNotFound,
/// and those of the service.
Result<void> FillInclusionProof(const service::Services& services, const service::Caller& caller,
                                std::string_view identifier, Deadline deadline,
                                v1::InclusionProof& out);

void FillConsistencyProof(const service::ConsistencyProofReport& report, v1::ConsistencyProof& out);
/// `keys` gives the verifier keys.
void FillStatement(const service::StatementReport& report, const service::LedgerService& keys,
                   v1::Statement& out);

}  // namespace idnode::frontend
