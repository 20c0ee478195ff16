/* places.c
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tell/places.h"

#include "tell/text.h"

/* One product: who it is and by what it is recognised, what to change, who says so. */
typedef struct product {
    const char *name, *change, *source;
} product;

static const product crossing[] = {
    {"LVS Full-NAT and relatives with TOA (the option is on the real server's side only: capture there, or look for the module "
     "by \"lsmod | grep toa\")",
     "turn the module off, or replace it by one that only answers getpeername (toa.ko)",
     "https://github.com/alibaba/LVS"},
    {"AWS Network Load Balancer (addresses of its zones, or several balancers for one target; target group attribute "
     "preserve_client_ip.enabled)",
     "switch client address preservation off and use PROXY protocol, or let each target be reached by one address: no "
     "cross-zone balancing, no second balancer, no public address beside it",
     "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html"},
    {"Kubernetes, kube-proxy (a service address and a pod address, or several services of one pod; \"kubectl get "
     "endpointslices\", \"ipvsadm -Ln\")",
     "reach the pods by one service only, not directly beside it; with externalTrafficPolicy: Cluster the node puts its own "
     "address in the client's place",
     "https://github.com/kubernetes/kubernetes/issues/90042"},
    {"Cilium with direct server return (several addresses of one service; loadBalancer.mode=dsr)",
     "one address a service and backend, or loadBalancer.mode=snat",
     "https://github.com/cilium/cilium/issues/18632"},
    {"Huawei ELB (\"transfer client IP address\"), Alibaba SLB (layer 4)",
     "another server port for each balancer or listener, or a layer 7 listener; do not fix the client's source port",
     "https://support.huaweicloud.com/intl/en-us/elb_faq/elb_faq_0101.html"},
    {"HAProxy (\"source ... usesrc client\")", "\"usesrc clientip\": the proxy takes ports of its own",
     "https://docs.haproxy.org/2.6/configuration.html"},
    {"Envoy (listener filter original_src)", "leave it out, and hand the client's address on in PROXY protocol or a header",
     "https://www.envoyproxy.io/docs/envoy/latest/configuration/listeners/listener_filters/original_src_filter"},
    {NULL, NULL, NULL}};

static const product untranslated[] = {
    {"LVS-NAT (client and real server in one network)",
     "the director must be the real servers' only way to the client: default gateway there, no route past it",
     "http://www.austintek.com/LVS/LVS-HOWTO/HOWTO/LVS-HOWTO.LVS-NAT.html"},
    {"Kubernetes (answers from a pod's address)",
     "on a node's bridge, net.bridge.bridge-nf-call-iptables=1; single packets in the middle of a transfer: connection "
     "tracking found them invalid, net.netfilter.nf_conntrack_tcp_be_liberal=1 or a kube-proxy that drops them (1.15)",
     "https://kubernetes.io/blog/2019/03/29/kube-proxy-subtleties-debugging-an-intermittent-connection-reset/"},
    {"Cilium with direct server return (answers from a pod's, or from another address of the service)",
     "one address a service and backend, or loadBalancer.mode=snat; RSTs: a backend that was changed under an open connection",
     "https://github.com/cilium/cilium/issues/27730"},
    {"A cloud's balancer that keeps the client's address (the client is a target itself, or reaches the targets past it)",
     "switch client address preservation off for that target group",
     "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-troubleshooting.html"},
    {NULL, NULL, NULL}};

toa_place toa_place_of(const toa_conversation *one, const toa_conversation *other)
{
    const toa_conversation *const all[] = {one, other, toa_engine_leg(one), toa_engine_leg(other)};

    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
        if (all[i] && toa_engine_named(all[i])) {
            return TOA_PLACE_TOA;
        }
        if (all[i] && toa_engine_dialled(all[i])) {
            return TOA_PLACE_DSR;
        }
    }
    return TOA_PLACE_UNKNOWN;
}

/* bit: this list's in teller->reported. */
static void add_products(const product *list, unsigned bit, toa_teller *teller)
{
    if (teller->reported & bit) {
        toa_text_paragraph(teller->out, "- ", "The products that do this are listed above.");
        return;
    }
    teller->reported |= bit;
    for (; list->name; list++) {
        char *text = g_strdup_printf("%s: %s. Source: %s", list->name, list->change, list->source);
        toa_text_paragraph(teller->out, "- ", text);
        g_free(text);
    }
}

void toa_places_crossed(toa_place place, toa_teller *teller)
{
    if (place == TOA_PLACE_TOA) {
        toa_text_paragraph(teller->out, "- ",
                           "Real server: \"lsmod | grep toa\" shows the module that writes the client's address into the "
                           "connection, \"nstat -az TcpExtTCPChallengeACK\" counts crossings. Turn the module off, or replace it "
                           "by one that only answers getpeername (toa.ko).");
        return;
    }
    if (place == TOA_PLACE_DSR) {
        toa_text_paragraph(teller->out, "- ",
                           "Cilium, direct server return: an option beside the SYN names the VIP. One client port through two VIPs "
                           "(or a VIP and the pod's own address) is one connection to the pod: give each backend one address to "
                           "be reached by, or set loadBalancer.mode=snat. Source: https://github.com/cilium/cilium/issues/18632");
        return;
    }
    toa_text_paragraph(teller->out, "- ",
                       "Something on one of the paths makes the server see the client's own address and port, whatever address "
                       "was dialled. No TOA option was captured that would name it; it can be:");
    add_products(crossing, 1, teller);
}

void toa_places_untranslated(toa_teller *teller)
{
    add_products(untranslated, 2, teller);
}
