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
  finder->in_memory_ = in_memory;
  if (leaves <= in_memory) {
    finder->rows_.reserve(leaves);
    return finder;
  }
  // Hashes spread evenly; a quarter is left for the unevenness, so that a partition is
  // larger only where identifiers repeat; it is then sorted in pieces.
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

void DuplicateFinder::Sort(std::vector<Row>& rows) { std::sort(rows.begin(), rows.end(), Before); }

bool DuplicateFinder::Before(const Row& a, const Row& b) {
  const int order = std::memcmp(a.hash.data(), b.hash.data(), a.hash.size());
  return order != 0 ? order < 0 : a.leaf < b.leaf;
}

void DuplicateFinder::Take(const Row& row, std::optional<Row>& first, const Found& found) {
  if (first && first->hash == row.hash) {
    found(first->leaf, row.leaf);
  } else {
    first = row;
  }
}

Result<void> DuplicateFinder::ReadRows(int fd, std::uint64_t from, std::vector<Row>& rows) const {
  char* to = reinterpret_cast<char*>(rows.data());
  const std::size_t size = rows.size() * sizeof(Row);
  for (std::size_t at = 0; at < size;) {
    const ssize_t got =
        ::pread(fd, to + at, size - at, static_cast<off_t>(from * sizeof(Row) + at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return DiskFailure("cannot read " + folder_, got < 0 ? errno : EIO);
    at += static_cast<std::size_t>(got);
  }
  return {};
}

Result<void> DuplicateFinder::WriteRows(int fd, std::uint64_t from,
                                        const std::vector<Row>& rows) const {
  const char* bytes = reinterpret_cast<const char*>(rows.data());
  const std::size_t size = rows.size() * sizeof(Row);
  for (std::size_t at = 0; at < size;) {
    const ssize_t written =
        ::pwrite(fd, bytes + at, size - at, static_cast<off_t>(from * sizeof(Row) + at));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return DiskFailure("cannot write to " + folder_, errno);
    at += static_cast<std::size_t>(written);
  }
  return {};
}

Result<void> DuplicateFinder::FindInFile(int fd, std::uint64_t count, const Found& found) {
  struct Piece {
    std::uint64_t next = 0;  ///< row of the file to read next
    std::uint64_t end = 0;
    std::vector<Row> rows;
    std::size_t at = 0;
  };
  std::vector<Piece> pieces;
  for (std::uint64_t from = 0; from < count; from += in_memory_) {
    pieces.push_back({from, std::min(count, from + in_memory_), {}, 0});
    rows_.resize(pieces.back().end - from);
    rows_max_ = std::max<std::uint64_t>(rows_max_, rows_.size());
    IDNODE_RETURN_IF_ERROR(ReadRows(fd, from, rows_));
    Sort(rows_);
    if (count > in_memory_) IDNODE_RETURN_IF_ERROR(WriteRows(fd, from, rows_));
  }
  std::optional<Row> first;
  if (count <= in_memory_) {
    for (const Row& row : rows_) Take(row, first, found);
    return {};
  }
  rows_ = {};
  const std::uint64_t room = std::max<std::uint64_t>(in_memory_ / pieces.size(), 1);
  const auto fill = [&](Piece& piece) -> Result<void> {
    piece.rows.resize(std::min(room, piece.end - piece.next));
    piece.at = 0;
    IDNODE_RETURN_IF_ERROR(ReadRows(fd, piece.next, piece.rows));
    piece.next += piece.rows.size();
    return {};
  };
  const auto later = [&](std::size_t a, std::size_t b) {
    return Before(pieces[b].rows[pieces[b].at], pieces[a].rows[pieces[a].at]);
  };
  std::vector<std::size_t> heap;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    IDNODE_RETURN_IF_ERROR(fill(pieces[i]));
    heap.push_back(i);
  }
  std::make_heap(heap.begin(), heap.end(), later);
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), later);
    Piece& piece = pieces[heap.back()];
    Take(piece.rows[piece.at], first, found);
    if (++piece.at == piece.rows.size()) {
      if (piece.next == piece.end) {
        heap.pop_back();
        continue;
      }
      IDNODE_RETURN_IF_ERROR(fill(piece));
    }
    std::push_heap(heap.begin(), heap.end(), later);
  }
  return {};
}

Result<void> DuplicateFinder::Finish(const Found& found) {
  if (files_.empty()) {
    Sort(rows_);
    std::optional<Row> first;
    for (const Row& row : rows_) Take(row, first, found);
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
    IDNODE_RETURN_IF_ERROR(
        FindInFile(partition.fd, static_cast<std::uint64_t>(about.st_size) / sizeof(Row), found));
    ::close(partition.fd);
    partition.fd = -1;
  }
  rows_ = {};
  return {};
}

}  // namespace idnode::cli
