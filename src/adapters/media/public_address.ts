import { BlockList, isIP } from "node:net";

/**
 * Networks in which no public server is: an address that chat names must not lead into the network of the machine
 * that fetches it.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry | IANA, special-purpose addresses}
 */
const PRIVATE_V4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"],
  ...["192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15"],
  ...["198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
];
const PUBLIC_V6 = "2000::/3";
const PRIVATE_V6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const privates = new BlockList();
const publics = new BlockList();
for (const each of PRIVATE_V4) add(privates, each, "ipv4");
for (const each of PRIVATE_V6) add(privates, each, "ipv6");
add(publics, PUBLIC_V6, "ipv6");

function add(list: BlockList, network: string, family: "ipv4" | "ipv6"): void {
  const [address, bits] = network.split("/") as [string, string];
  list.addSubnet(address, Number(bits), family);
}

/** Whether an address of IPv4 or IPv6 is one of the public internet. False for any other text. */
export function isPublicAddress(text: string): boolean {
  const address = text.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(address);
  if (family === 4) return !privates.check(address, "ipv4");
  // Addresses that stand for one of IPv4 lie outside of the public ones of IPv6, or among the private ones.
  return family === 6 && publics.check(address, "ipv6") && !privates.check(address, "ipv6");
}
