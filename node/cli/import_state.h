#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "node/base/result.h"

namespace idnode::cli {

/// What became of the rows of an import.
struct ImportCounts {
  std::int64_t rows = 0;
  std::int64_t registered = 0;
  std::int64_t re_registered = 0;
  std::int64_t unchanged = 0;
  std::int64_t conflicting = 0;
  std::int64_t rejected = 0;

  /// Rows that stand registered with the content given.
  std::int64_t Done() const { return registered + re_registered + unchanged; }
  std::int64_t NotDone() const { return conflicting + rejected; }
};

/// Where an import stands: everything before `offset` is answered and accounted for. Kept in a
/// file beside the input, so that an import goes on after an interruption, a crash of the client
/// or of the machine.
struct ImportState {
  // What is imported: a state of other input or another mapping is not gone on with.
  std::int64_t input_bytes = 0;
  std::string input_sha256;    ///< hexadecimal
  std::string mapping_digest;  ///< Mapping::Digest
  std::int64_t batch_rows = 0;
  /// Drawn once for each import. A part of the request ids: a resumed import repeats its own
  /// requests, a new import of the same file asks anew and is told what is there now.
  std::string run;
  // How far it is.
  std::int64_t next_batch = 0;
  std::uint64_t offset = 0;  ///< bytes of the input
  std::uint64_t line = 1;
  ImportCounts counts;
  std::int64_t rejects_bytes = 0;  ///< of the rejects file; what is beyond is written again

  /// Request id of a batch: the same for the same input, mapping, run and batch.
  std::string RequestId(std::int64_t batch) const;
};

/// "FILE.idnode-import.json".
std::string ImportStatePath(const std::string& input);

std::string EncodeImportState(const ImportState& state);
/// Errors: kInvalidRequest.
Result<ImportState> DecodeImportState(const std::string& text);

/// Replaces the file at once: after a crash there is the old state or the new.
/// Errors: kUnavailable.
Result<void> SaveImportState(const std::string& path, const ImportState& state);
/// Nothing if there is no such file. Errors: kInvalidRequest.
Result<std::optional<ImportState>> LoadImportState(const std::string& path);

/// Size and SHA-256 (hexadecimal) of a file, read in pieces. Errors: kInvalidRequest.
struct FileIdentity {
  std::int64_t bytes = 0;
  std::string sha256;
};
Result<FileIdentity> IdentifyFile(const std::string& path);

/// Writes `text` to `path` through a temporary file and rename, on disk when it returns.
/// `mode` is that of a new file. Errors: kUnavailable naming the file.
Result<void> ReplaceFile(const std::string& path, std::string_view text, unsigned mode);

}  // namespace idnode::cli
