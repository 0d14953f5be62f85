#include "cli/program_names.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <unistd.h>

#include <cctype>
#include <memory>
#include <sstream>

#include "base/posix.h"

namespace ctwin::cli {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

/// The inode of the netfilter socket that is bound to this port, 0 when there is none.
unsigned long socket_inode(uint32_t port_id) {
  const auto text = read_file("/proc/net/netlink");
  if (!text) return 0;
  std::istringstream lines(*text);
  std::string line;
  std::getline(lines, line);  // the header
  while (std::getline(lines, line)) {
    std::istringstream columns(line);
    std::string address, groups, memory_read, memory_write, dump, locks, drops;
    int protocol = -1;
    uint32_t port = 0;
    unsigned long inode = 0;
    columns >> address >> protocol >> port >> groups >> memory_read >> memory_write >> dump >>
        locks >> drops >> inode;
    if (columns && protocol == NETLINK_NETFILTER && port == port_id) return inode;
  }
  return 0;
}

bool holds_socket(const std::string& pid, const std::string& link) {
  const std::string path = "/proc/" + pid + "/fd";
  Directory directory(opendir(path.c_str()));
  if (!directory) return false;
  while (const dirent* entry = readdir(directory.get())) {
    char target[64];
    const ssize_t size = readlinkat(dirfd(directory.get()), entry->d_name, target, sizeof target);
    if (size > 0 && std::string_view(target, static_cast<size_t>(size)) == link) return true;
  }
  return false;
}

std::string command_name(const std::string& pid) {
  auto text = read_file("/proc/" + pid + "/comm");
  if (!text) return {};
  while (!text->empty() && text->back() == '\n') text->pop_back();
  return *text;
}

std::string look_up(uint32_t port_id) {
  const unsigned long inode = socket_inode(port_id);
  if (inode == 0) return {};
  const std::string link = "socket:[" + std::to_string(inode) + "]";
  const std::string first = std::to_string(port_id);  // the kernel prefers the process id
  if (holds_socket(first, link)) return command_name(first);
  Directory proc(opendir("/proc"));
  if (!proc) return {};
  while (const dirent* entry = readdir(proc.get())) {
    const std::string pid = entry->d_name;
    if (std::isdigit(static_cast<unsigned char>(pid.front())) && holds_socket(pid, link))
      return command_name(pid);
  }
  return {};
}

}  // namespace

std::string_view ProgramNames::find(uint32_t port_id) {
  const auto [entry, is_new] = names_.try_emplace(port_id);
  if (is_new) entry->second = look_up(port_id);
  return entry->second;
}

}  // namespace ctwin::cli
