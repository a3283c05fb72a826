#include "node/ledger/sketch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "node/base/check.h"
#include "node/base/varint.h"

namespace idnode::ledger {
namespace {

// Stored form: version, precision, form, then either
//   sparse: for each register that is not 0, the distance to the one before and its value, both
//           varints; or
//   dense:  six bits a register, four in three bytes, low bits first.
constexpr unsigned char kVersion = 1;
constexpr unsigned char kSparse = 0;
constexpr unsigned char kDense = 1;
constexpr std::size_t kHeaderBytes = 3;

/// Highest value of a register: the hash's bits behind the index, all 0.
unsigned RankMax(unsigned precision) { return 64 - precision + 1; }

// Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), equations for
// the improved raw estimator: sigma for registers that are 0, tau for those that are full.
double Sigma(double x) {
  if (x == 1.0) return std::numeric_limits<double>::infinity();
  double y = 1.0;
  double z = x;
  double last = 0.0;
  do {
    x *= x;
    last = z;
    z += x * y;
    y += y;
  } while (z != last);
  return z;
}

double Tau(double x) {
  if (x == 0.0 || x == 1.0) return 0.0;
  double y = 1.0;
  double z = 1.0 - x;
  double last = 0.0;
  do {
    x = std::sqrt(x);
    last = z;
    y *= 0.5;
    z -= (1.0 - x) * (1.0 - x) * y;
  } while (z != last);
  return z / 3.0;
}

Error Corrupt(std::string_view what) {
  return Error(Errc::kCorruption, "a stored sketch " + std::string(what));
}

}  // namespace

Sketch::Sketch(unsigned precision) : precision_(precision) {
  IDNODE_CHECK(precision >= kPrecisionMin && precision <= kPrecisionMax);
  registers_.resize(std::size_t{1} << precision);
}

void Sketch::Add(std::uint64_t hash) {
  const std::size_t index = hash >> (64 - precision_);
  const std::uint64_t rest = hash << precision_;
  const unsigned rank =
      rest == 0 ? RankMax(precision_) : static_cast<unsigned>(std::countl_zero(rest)) + 1;
  std::uint8_t& value = registers_[index];
  if (value == 0) ++used_;
  value = std::max(value, static_cast<std::uint8_t>(rank));
}

Result<void> Sketch::Merge(const Sketch& other) {
  if (precision_ != other.precision_) {
    return Error(Errc::kInvalidRequest, "two sketches of different precision");
  }
  used_ = 0;
  for (std::size_t i = 0; i < registers_.size(); ++i) {
    registers_[i] = std::max(registers_[i], other.registers_[i]);
    if (registers_[i] != 0) ++used_;
  }
  return {};
}

double Sketch::Estimate() const {
  if (used_ == 0) return 0;
  std::array<std::uint32_t, 64> counts{};
  for (const std::uint8_t value : registers_) ++counts[value];
  const auto m = static_cast<double>(registers_.size());
  const unsigned top = RankMax(precision_);
  double z = m * Tau(1.0 - static_cast<double>(counts[top]) / m);
  for (unsigned rank = top - 1; rank >= 1; --rank)
    z = 0.5 * (z + static_cast<double>(counts[rank]));
  z += m * Sigma(static_cast<double>(counts[0]) / m);
  constexpr double kAlpha = 0.7213475204444817;  // 1 / (2 ln 2)
  return kAlpha * m * m / z;
}

double Sketch::StandardError() const {
  return 1.04 / std::sqrt(static_cast<double>(registers_.size()));
}

std::string Sketch::Serialize() const {
  std::string sparse = {static_cast<char>(kVersion), static_cast<char>(precision_),
                        static_cast<char>(kSparse)};
  const std::size_t dense_bytes = kHeaderBytes + registers_.size() / 4 * 3;
  std::size_t last = 0;
  for (std::size_t i = 0; i < registers_.size() && sparse.size() < dense_bytes; ++i) {
    if (registers_[i] == 0) continue;
    AppendVarint(i - last, sparse);
    AppendVarint(registers_[i], sparse);
    last = i;
  }
  if (sparse.size() < dense_bytes) return sparse;
  std::string dense = {static_cast<char>(kVersion), static_cast<char>(precision_),
                       static_cast<char>(kDense)};
  dense.reserve(dense_bytes);
  for (std::size_t i = 0; i < registers_.size(); i += 4) {
    std::uint64_t group = 0;
    for (unsigned j = 0; j < 4; ++j) {
      group |= static_cast<std::uint64_t>(registers_[i + j]) << (6 * j);
    }
    AppendFixed(group, 3, dense);
  }
  return dense;
}

Result<Sketch> Sketch::Parse(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return Corrupt("is cut short");
  if (static_cast<unsigned char>(bytes[0]) != kVersion) {
    return Error(Errc::kFormatTooNew, "a stored sketch is of another version");
  }
  const auto precision = static_cast<unsigned char>(bytes[1]);
  const auto form = static_cast<unsigned char>(bytes[2]);
  if (precision < kPrecisionMin || precision > kPrecisionMax) {
    return Corrupt("has a precision that cannot be");
  }
  Sketch sketch(precision);
  const auto set = [&](std::size_t index, std::uint64_t value) {
    if (value > RankMax(precision)) return false;
    sketch.registers_[index] = static_cast<std::uint8_t>(value);
    if (value != 0) ++sketch.used_;
    return true;
  };
  bytes.remove_prefix(kHeaderBytes);
  const std::size_t size = sketch.registers_.size();
  if (form == kDense) {
    if (bytes.size() != size / 4 * 3) return Corrupt("has a wrong length");
    for (std::size_t i = 0; i < size; ++i) {
      const auto group = bytes.substr(i / 4 * 3, 3);
      const unsigned bit = i % 4 * 6;
      std::uint64_t number = 0;
      for (unsigned j = 0; j < 3; ++j) {
        number |= static_cast<std::uint64_t>(static_cast<unsigned char>(group[j])) << (8 * j);
      }
      if (!set(i, number >> bit & 63)) return Corrupt("has a value that cannot be");
    }
    return sketch;
  }
  if (form != kSparse) return Corrupt("has a form that cannot be");
  std::size_t index = 0;
  for (bool first = true; !bytes.empty(); first = false) {
    std::uint64_t distance = 0;
    std::uint64_t value = 0;
    if (!TakeVarint(bytes, distance) || !TakeVarint(bytes, value)) return Corrupt("is cut short");
    if ((!first && distance == 0) || distance >= size - index || value == 0) {
      return Corrupt("is out of order");
    }
    index += distance;
    if (!set(index, value)) return Corrupt("has a value that cannot be");
  }
  return sketch;
}

std::uint64_t SketchHash(std::string_view bytes) { return SketchHash(Sha256(bytes)); }

std::uint64_t SketchHash(const Digest& digest) {
  return ReadBigEndian({reinterpret_cast<const char*>(digest.data()), 8});
}

}  // namespace idnode::ledger
