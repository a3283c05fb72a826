#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "node/base/result.h"
#include "node/frontend/frontend.h"

namespace idnode::frontend {

/// Longest certificate or key file: a chain of a dozen certificates has some 30 KiB.
inline constexpr std::size_t kPemBytesMax = 1U << 20;
/// Longest chain.
inline constexpr std::size_t kChainCertificatesMax = 32;

/// Most authorities in a file of them.
inline constexpr std::size_t kClientAuthoritiesMax = 1'000;

/// A certificate chain and its key, and the authorities of clients, as PEM text. The key is wiped
/// from memory at the end.
struct TlsPair {
  TlsPair() = default;
  TlsPair(TlsPair&&) = default;
  TlsPair& operator=(TlsPair&&) = default;
  TlsPair(const TlsPair&) = delete;
  TlsPair& operator=(const TlsPair&) = delete;
  ~TlsPair();

  std::string certificate;
  std::string key;
  std::string client_ca;  ///< empty: clients are asked for no certificate
};

/// Reads the files that `listen` names and checks what a client would stumble over: that every
/// certificate of the chain can be read, that the key, without passphrase, is that of the first,
/// and that the first is valid by the machine's clock, which is what its peers go by. An expired
/// certificate further up the chain is logged and kept: old cross-signed roots are such. Of the
/// authorities of clients every one must be readable.
/// Errors: kInvalidRequest, naming the file and `[section] tls_certificate`, `tls_key` or
/// `tls_client_ca`.
Result<TlsPair> LoadTlsFiles(const ListenOptions& listen, std::string_view section);

}  // namespace idnode::frontend
