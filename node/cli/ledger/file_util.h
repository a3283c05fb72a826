#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode::cli {

/// The whole of a file. Errors: kNotFound (there is none); kPayloadTooLarge (more than
/// `bytes_max`); kUnavailable (cannot be read).
Result<std::string> LoadFile(const std::string& path, std::size_t bytes_max);

/// How sure a stored file is to be there after a power failure.
enum class Durability {
  kProcess,  ///< whole or absent whatever happens to the process; the machine may lose it
  kMachine,  ///< file and folder are synchronised before the call returns
};

/// Replaces the file at once: readers see the old bytes or the new ones. Makes the folders it is
/// in. Errors: kUnavailable, kStorageFull.
Result<void> StoreFile(const std::string& path, std::string_view bytes, unsigned mode,
                       Durability durability);

/// Makes a folder and those above it. Errors: kUnavailable.
Result<void> MakeFolder(const std::string& path, unsigned mode = 0755);

}  // namespace idnode::cli
