#pragma once

#include <string>

namespace idnode::frontend {

/// A self-signed certificate for 127.0.0.1 and its key, as PEM text. Valid for a day.
struct TestCertificate {
  std::string certificate;
  std::string key;
};

/// Each call makes another.
TestCertificate MakeTestCertificate();
/// A client's certificate, signed by `authority`, which MakeTestCertificate made. Each call makes
/// another.
TestCertificate MakeTestClientCertificate(const TestCertificate& authority);
/// SHA-256 of the certificate, as the node writes it.
std::string FingerprintOf(const TestCertificate& certificate);

}  // namespace idnode::frontend
