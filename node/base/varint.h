#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace idnode {

/// LEB128 as in protobuf: seven bits a byte, low group first.
inline void AppendVarint(std::uint64_t number, std::string& out) {
  while (number >= 0x80) {
    out += static_cast<char>(number | 0x80);
    number >>= 7;
  }
  out += static_cast<char>(number);
}

/// Takes a varint off the front of `bytes`; false if it is cut short or longer than 64 bits.
inline bool TakeVarint(std::string_view& bytes, std::uint64_t& number) {
  number = 0;
  for (unsigned i = 0; i < 10 && i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (i == 9 && byte > 1) return false;
    number |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

inline void AppendSized(std::string_view text, std::string& out) {
  AppendVarint(text.size(), out);
  out.append(text);
}

/// Takes a varint length and that many bytes; false if they are not there.
inline bool TakeSized(std::string_view& bytes, std::string_view& text) {
  std::uint64_t size = 0;
  if (!TakeVarint(bytes, size) || size > bytes.size()) return false;
  text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

/// `size` bytes, little-endian.
inline void AppendFixed(std::uint64_t number, std::size_t size, std::string& out) {
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(number >> (8 * i));
}

inline bool TakeFixed(std::string_view& bytes, std::size_t size, std::uint64_t& number) {
  if (bytes.size() < size) return false;
  number = 0;
  for (std::size_t i = 0; i < size; ++i) {
    number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  bytes.remove_prefix(size);
  return true;
}

/// Big-endian, so that byte order is number order: for keys.
inline void AppendBigEndian(std::uint64_t number, std::size_t size, std::string& out) {
  for (std::size_t i = size; i > 0; --i) out += static_cast<char>(number >> (8 * (i - 1)));
}

inline std::uint64_t ReadBigEndian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace idnode
