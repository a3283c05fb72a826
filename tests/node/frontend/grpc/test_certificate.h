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

}  // namespace idnode::frontend
