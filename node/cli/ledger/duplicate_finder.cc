#include "node/cli/ledger/duplicate_finder.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/base/text.h"

namespace idnode::cli {
namespace {

constexpr std::size_t kKeyBytes = 16;
constexpr std::size_t kBufferRowsMax = 1024;

Error DiskFailure(const std::string& what, int number) {
  return Error(number == ENOSPC || number == EDQUOT ? Errc::kStorageFull : Errc::kUnavailable,
               what + ": " + std::strerror(number));
}

}  // namespace

Result<std::unique_ptr<DuplicateFinder>> DuplicateFinder::Create(std::uint64_t leaves,
                                                                 std::size_t memory_bytes,
                                                                 const std::string& folder) {
  std::unique_ptr<DuplicateFinder> finder(new DuplicateFinder);
  finder->key_ = SecureRandom(kKeyBytes);
  const std::uint64_t in_memory = std::max<std::uint64_t>(memory_bytes / sizeof(Row), 1);
  if (leaves <= in_memory) {
    finder->rows_.reserve(leaves);
    return finder;
  }
  // Hashes spread evenly; a quarter is left for the unevenness, so that no partition is larger.
  const std::uint64_t needed = leaves / std::max<std::uint64_t>(in_memory * 3 / 4, 1) + 1;
  if (needed > kPartitionsMax) {
    return Error(Errc::kInvalidRequest,
                 std::to_string(leaves) + " leaves need more memory to look for duplicates");
  }
  std::string name = folder + "/idnode-verify-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return DiskFailure("cannot make " + name, errno);
  finder->folder_ = name;
  finder->files_.resize(std::bit_ceil(needed));
  finder->buffer_rows_ = std::clamp<std::size_t>(memory_bytes / sizeof(Row) / finder->files_.size(),
                                                 1, kBufferRowsMax);
  for (std::size_t i = 0; i < finder->files_.size(); ++i) {
    const std::string path = name + "/" + std::to_string(i);
    finder->files_[i].fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (finder->files_[i].fd < 0) return DiskFailure("cannot create " + path, errno);
  }
  return finder;
}

DuplicateFinder::~DuplicateFinder() {
  for (const Partition& partition : files_) {
    if (partition.fd >= 0) ::close(partition.fd);
  }
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Result<void> DuplicateFinder::Add(std::string_view identifier, std::uint64_t leaf) {
  folded_ = key_;
  AppendAsciiFolded(folded_, identifier);
  const Digest digest = Sha256(folded_);
  Row row;
  std::copy_n(digest.begin(), row.hash.size(), row.hash.begin());
  row.leaf = leaf;
  if (files_.empty()) {
    rows_.push_back(row);
    return {};
  }
  const std::size_t number = static_cast<std::size_t>(row.hash[0]) << 8 | row.hash[1];
  Partition& partition = files_[number & (files_.size() - 1)];
  partition.buffer.push_back(row);
  return partition.buffer.size() < buffer_rows_ ? Result<void>() : Flush(partition);
}

Result<void> DuplicateFinder::Flush(Partition& partition) {
  const char* bytes = reinterpret_cast<const char*>(partition.buffer.data());
  std::size_t left = partition.buffer.size() * sizeof(Row);
  while (left > 0) {
    const ssize_t written = ::write(partition.fd, bytes, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return DiskFailure("cannot write to " + folder_, errno);
    bytes += written;
    left -= static_cast<std::size_t>(written);
  }
  partition.buffer.clear();
  return {};
}

void DuplicateFinder::FindIn(std::vector<Row>& rows,
                             const std::function<void(std::uint64_t, std::uint64_t)>& found) {
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    const int order = std::memcmp(a.hash.data(), b.hash.data(), a.hash.size());
    return order != 0 ? order < 0 : a.leaf < b.leaf;
  });
  std::size_t first = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].hash == rows[first].hash) {
      found(rows[first].leaf, rows[i].leaf);
    } else {
      first = i;
    }
  }
}

Result<void> DuplicateFinder::Finish(
    const std::function<void(std::uint64_t first, std::uint64_t later)>& found) {
  if (files_.empty()) {
    FindIn(rows_, found);
    rows_ = {};
    return {};
  }
  for (Partition& partition : files_) {
    IDNODE_RETURN_IF_ERROR(Flush(partition));
    partition.buffer = {};
  }
  for (Partition& partition : files_) {
    struct stat about {};
    if (::fstat(partition.fd, &about) != 0) return DiskFailure("cannot read " + folder_, errno);
    rows_.resize(static_cast<std::size_t>(about.st_size) / sizeof(Row));
    char* to = reinterpret_cast<char*>(rows_.data());
    const std::size_t size = rows_.size() * sizeof(Row);
    for (std::size_t at = 0; at < size;) {
      const ssize_t got = ::pread(partition.fd, to + at, size - at, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return DiskFailure("cannot read " + folder_, got < 0 ? errno : EIO);
      at += static_cast<std::size_t>(got);
    }
    FindIn(rows_, found);
    ::close(partition.fd);
    partition.fd = -1;
  }
  rows_ = {};
  return {};
}

}  // namespace idnode::cli
