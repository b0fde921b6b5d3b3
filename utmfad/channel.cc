// SPDX-License-Identifier: Apache-2.0
// Packets with descriptors over a SOCK_SEQPACKET pair.
#include "channel.h"

#include <errno.h>
#include <sys/socket.h>

#include <cstring>

namespace utmfa {

Result<ChannelPair> make_channel() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return os_error("channel", "socketpair");
  return ChannelPair{Descriptor(ends[0]), Descriptor(ends[1])};
}

Status send_packet(int channel, std::string_view frame, const std::vector<int>& descriptors, Wait wait) {
  alignas(cmsghdr) char control[CMSG_SPACE(most_descriptors * sizeof(int))] = {};
  iovec part = {const_cast<char*>(frame.data()), frame.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
  }
  ssize_t sent;
  do sent = sendmsg(channel, &message, MSG_NOSIGNAL | (wait == Wait::no ? MSG_DONTWAIT : 0));
  while (sent < 0 && errno == EINTR);
  if (sent != static_cast<ssize_t>(frame.size())) return os_error("channel", "sendmsg");
  return Done{};
}

Result<Packet> receive_packet(int channel, Wait wait) {
  char bytes[wire::longest_frame];
  alignas(cmsghdr) char control[CMSG_SPACE(most_descriptors * sizeof(int))] = {};
  iovec part = {bytes, sizeof bytes};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got;
  do got = recvmsg(channel, &message, MSG_CMSG_CLOEXEC | (wait == Wait::no ? MSG_DONTWAIT : 0));
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return Error{Code::unavailable, "channel: nothing has come"};
  if (got < 0) return os_error("channel", "recvmsg");
  Packet packet;
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(each) + i * sizeof(int), sizeof fd);
      packet.descriptors.emplace_back(fd);
    }
  }
  if (got == 0) return Error{Code::not_found, "channel: the other end has closed"};
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return Error{Code::invalid, "channel: packet too long"};
  packet.bytes.assign(bytes, static_cast<std::size_t>(got));
  explicit_bzero(bytes, static_cast<std::size_t>(got));
  return packet;
}

}  // namespace utmfa
