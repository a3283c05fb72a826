#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node/base/clock.h"
#include "node/base/result.h"
#include "node/ledger/note_key.h"
#include "node/service/writer.h"
#include "storage/engine.h"
#include "storage/ledger_store.h"

namespace idnode::service {

/// The keys that sign checkpoints and statements: Ed25519, and SM2 where it is on.
struct LedgerKeys {
  std::string origin;
  std::vector<ledger::Signer> signers;  ///< Ed25519 first

  const ledger::Verifier& ed25519() const { return signers.front().verifier(); }
  std::string vkey() const { return signers.front().verifier().Vkey(); }
  /// Empty where SM2 is off.
  std::string vkey_sm2() const {
    return signers.size() > 1 ? signers[1].verifier().Vkey() : std::string();
  }
};

/// Reads the secret keys from `directory` (ed25519.pem and sm2.pem, PKCS#8, mode 0600), and makes
/// them, durably, where the ledger is new. `known` is what the store says of its ledger: another
/// origin, another key, or a key that is gone is refused, since the log cannot go on under it.
/// Errors: kInvalidRequest (origin, a key that does not fit), kUnavailable (files).
Result<LedgerKeys> LoadLedgerKeys(const std::string& directory, const std::string& origin, bool sm2,
                                  const std::optional<storage::LedgerFacts>& known);

/// What the store is to keep of them.
storage::LedgerFacts FactsOf(const LedgerKeys& keys,
                             const std::optional<storage::LedgerFacts>& known);

/// Loads the keys for the ledger of the store, and has the store keep whose they are. Errors: those
/// of LoadLedgerKeys, of the engine and of the committer; kAlreadyExists (another node created the
/// ledger at this moment: try again).
Result<LedgerKeys> OpenLedgerKeys(storage::Engine& engine, Writer& writer,
                                  const std::string& directory, const std::string& origin, bool sm2,
                                  Deadline deadline);

}  // namespace idnode::service
