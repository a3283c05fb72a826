#pragma once

#include <memory>
#include <string>
#include <vector>

#include "node/app/config.h"
#include "node/app/data_directory.h"
#include "node/frontend/frontend.h"
#include "node/service/services.h"

namespace idnode::app {

/// One front end and what the log calls it.
struct Face {
  std::string name;
  std::uint16_t Ports::*port;  ///< where its port goes in ports.json
  std::unique_ptr<frontend::Frontend> frontend;
};

/// Every front end of this build, in start order: administration first, so that it answers until
/// the last moment. None has started. `local_reads`: whether reads may run on an I/O thread.
std::vector<Face> MakeFaces(const Config& config, const service::Services& services,
                            bool local_reads);

}  // namespace idnode::app
