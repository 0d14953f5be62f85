# fish completion for ctwin(8)

# The options, one a line: letter, names, protocols, commands, value, help; - for none. Commands are
# their letters, in lower case on the table expect. A test compares these lines with the program's.
set -g __ctwin_options "\
L dump - command [table] list a table
G get - command [table] show one entry
D delete - command [table] delete what the options select
I create - command [table] create an entry
A add - command [table] create an entry or update it
U update - command [table] update what the options select
E event - command [table] show events as they happen
F flush - command [table] delete everything
C counter - command [table] show how many entries
S stats - command [table] show per-CPU counters
R load-file - command FILE|- run the commands of a file (must come first)
V version - command [table] show the version
h help - command [table] show this, and a protocol's options with -p
s src,orig-src - LIAUDGEidg ADDR[/N] original source
d dst,orig-dst - LIAUDGEidg ADDR[/N] original destination
r reply-src - LIAUDGEidg ADDR reply source
q reply-dst - LIAUDGEidg ADDR reply destination
p protonum - LIAUDGEhidg PROTO protocol, by name or number
t timeout - IAUDi SECONDS timeout
u status - LIAUDi LIST ASSURED, SEEN_REPLY, UNREPLIED, !ASSURED, …
z zero - L - zero the counters of what is listed
e event-mask - E LIST ALL, NEW, UPDATES, DESTROY
[ tuple-src - i ADDR[/N] source of the expected flow
] tuple-dst - i ADDR[/N] destination of the expected flow
{ mask-src - LUDEi MASK mask of the source, any bits
} mask-dst - LUDEi MASK mask of the destination, any bits
a nat-range - LIAUDGFEhlidge RANGE ignored, for old scripts
m mark - LIAUDE MARK[/MASK] mark
i id - UDG ID entry id, as -o id shows it
f family - LUDFEl FAMILY ipv4 or ipv6
n src-nat - LIAUDE [ADDR[:PORT]] source NAT
g dst-nat - LIAUDE [ADDR[:PORT]] destination NAT
o output - LUDGEle LIST xml, json, save, extended, id, timestamp, ktimestamp, labels
c secmark - LE SECMARK security mark
b buffer-size - E BYTES receive buffer for events
j any-nat - LE [ADDR[:PORT]] source or destination NAT
w zone - LIADE ZONE zone
l label - LUDGE LIST labels that must be set
< label-add - IAU LIST labels to set
> label-del - U [LIST] labels to clear, all of them without a list
( orig-zone - LIADE ZONE zone of the original direction
) reply-zone - LIADE ZONE zone of the reply direction
M labelmap - LUDE FILE names of labels
- filter - all EXPR what to list, delete, update, watch or count
- dry-run - all - with -D and -U, show what would be hit and change nothing
- group-by - all KEYS with -L and -E, sums by src, src/24, dport, state, …
- top - all NUMBER only the largest groups
- watch - all SECONDS with -S, what the counters grow by, again and again
- snapshot - all - with -E, list the table first
- no-resync - all - with -E, do not make up for lost events
- limit - all NUMBER with -E, end behind this many events
- duration - all SECONDS with -E, end after this time
- explain - all - with -S, what counters mean and what helps
- nat-usage - all - how many ports of each translated address are in use
- who-had - all ADDR[:PORT] the flows behind a translated address
- at - all TIME with --event-log, who had it then
- event-log - all FILE look for --who-had in what -E -o json wrote
v verbose - all - with -C, how large the table may grow, too
- netns - all NAME|PID|PATH work in this network namespace
- backend - all WHERE kernel, engine, engine:FILE (kept) or unix:PATH (served)
- pcap - all [IFACE=]FILE packets for the engine, then the command; repeatable
- setup - all FILE routes and rules that make the engine a router; repeatable
- pcap-out - all [IFACE=]FILE write the packets that leave the engine; repeatable
- log - all FILE for what LOG and TRACE rules say, else standard error
- iptables-save - all FILE in the end, write the rules and their counters
- sysctl - all NAME=VALUE a setting of the engine; repeatable
- trace - all [=invalid] what became of each packet, and why
- run-out - all - after the last packet, wait until every entry has expired
- checksum - all auto|verify|ignore what to think of the packets' checksums
- seed - all NUMBER of the engine's randomness
- serve - all PATH keep the engine running and answer on this socket
- socket-mode - all MODE who may use the socket, in octal; 0600 without
- socket-group - all GROUP the group that the socket belongs to
- tun - all IFACE give the router this TUN device, made if need be; repeatable
- capture - all IFACE show the engine the packets of this interface; repeatable
- capture-filter - all EXPR only packets that this tcpdump expression selects
- wait - all SECONDS how long for a state file that is in use; 60 without
- sport,orig-port-src tcp,udp,udplite,sctp,dccp LIAUDGEidg PORT original source port
- dport,orig-port-dst tcp,udp,udplite,sctp,dccp LIAUDGEidg PORT original destination port
- reply-port-src tcp,udp,udplite,sctp,dccp LIAUDGEdg PORT reply source port
- reply-port-dst tcp,udp,udplite,sctp,dccp LIAUDGEdg PORT reply destination port
- mask-port-src tcp,udp,udplite,sctp,dccp i MASK mask of the expected source port
- mask-port-dst tcp,udp,udplite,sctp,dccp i MASK mask of the expected destination port
- state tcp,sctp,dccp LIAUDGE STATE state, such as ESTABLISHED
- tuple-port-src tcp,udp,udplite,sctp,dccp i PORT expected source port
- tuple-port-dst tcp,udp,udplite,sctp,dccp i PORT expected destination port
- orig-vtag sctp LIAUDGEi TAG original verification tag
- reply-vtag sctp LIAUDGEi TAG reply verification tag
- role dccp LIADEi ROLE client or server
- srckey,orig-key-src gre LIAUDGEidg KEY original source key
- dstkey,orig-key-dst gre LIAUDGEidg KEY original destination key
- reply-key-src gre LIAUDGEidg KEY reply source key
- reply-key-dst gre LIAUDGEidg KEY reply destination key
- mask-key-src gre i MASK mask of the expected source key
- mask-key-dst gre i MASK mask of the expected destination key
- tuple-key-src gre i KEY expected source key
- tuple-key-dst gre i KEY expected destination key
- icmp-type icmp LIAUDGE TYPE type
- icmp-code icmp LIAUDGE CODE code
- icmp-id icmp LIAUDGE ID id
- icmpv6-type icmpv6 LIAUDGE TYPE type
- icmpv6-code icmpv6 LIAUDGE CODE code
- icmpv6-id icmpv6 LIAUDGE ID id
"

function __ctwin_set_protocol
    set -l numbers 6 17 136 132 33 47 1 58
    set -l names tcp udp udplite sctp dccp gre icmp icmpv6
    set -g __ctwin_protocol (string lower -- $argv[1])
    if set -l index (contains -i -- $__ctwin_protocol $numbers)
        set -g __ctwin_protocol $names[$index]
    end
end

# A word that begins with a dash: remembers the command, and attached arguments that matter.
function __ctwin_read_option
    set -l names dump get delete create add update event flush counter stats version help
    set -l letters L G D I A U E F C S V h
    set -l letter
    switch $argv[1]
        case '--protonum=*'
            __ctwin_set_protocol (string replace -- --protonum= '' $argv[1])
        case '-p?*'
            __ctwin_set_protocol (string replace -- -p '' $argv[1])
        case '--labelmap=*'
            set -g __ctwin_labelmap (string replace -- --labelmap= '' $argv[1])
        case '--*'
            if set -l index (contains -i -- (string sub -s 3 -- $argv[1]) $names)
                set letter $letters[$index]
            end
        case '-z?*'
            set letter (string sub -s 3 -l 1 -- $argv[1])
        case '*'
            set letter (string sub -s 2 -l 1 -- $argv[1])
    end
    if test -z "$__ctwin_command"; and contains -- "$letter" $letters
        set -g __ctwin_command $letter
    end
end

# Whether a table may follow the word.
function __ctwin_takes_table
    string match -qr -- '^(-z?[LGDIAUEFCSVh]|--(dump|get|delete|create|add|update|event|flush|counter|stats|version|help))$' $argv[1]
end

# The words in front of the cursor, in the globals __ctwin_command (the command's letter, in lower
# case on the table expect), __ctwin_protocol, __ctwin_labelmap and __ctwin_before (the last word).
function __ctwin_read_line
    set -l words (commandline -opc)
    set -e words[1]
    set -g __ctwin_command ''
    set -g __ctwin_protocol ''
    set -g __ctwin_labelmap /etc/xtables/connlabel.conf
    set -g __ctwin_before ''
    for word in $words
        switch $word
            case '-?*'
                __ctwin_read_option $word
            case '*'
                if string match -qr -- '^(-[a-zA-Z]?p|--protonum)$' $__ctwin_before
                    __ctwin_set_protocol $word
                else if string match -qr -- '^(-[a-zA-Z]?M|--labelmap)$' $__ctwin_before
                    set -g __ctwin_labelmap $word
                else if __ctwin_takes_table $__ctwin_before
                    and string match -q -- "$word*" expect
                    and string match -qr -- '^[LGDIE]$' $__ctwin_command
                    set -g __ctwin_command (string lower $__ctwin_command)
                end
        end
        set -g __ctwin_before $word
    end
end

# Conditions of the completions below.
function __ctwin_needs_command
    __ctwin_read_line
    test -z "$__ctwin_command"
end

# -R is the first word or none.
function __ctwin_may_load
    set -l words (commandline -opc)
    test (count $words) -eq 1
    or contains -- $words[2] -R --load-file
end

# Whether the word in front of the cursor is the option of this letter and name.
function __ctwin_follows
    set -l words (commandline -opc)
    contains -- $words[-1] -$argv[1] --$argv[2]
end

function __ctwin_at_table
    __ctwin_read_line
    __ctwin_takes_table "$__ctwin_before"
end

# Whether an option of these protocols goes with these commands and what has been typed.
function __ctwin_allows
    __ctwin_read_line
    test -n "$__ctwin_command"
    and string match -q -- "*$__ctwin_command*" $argv[2]
    and begin
        test $argv[1] = -
        or contains -- $__ctwin_protocol (string split , -- $argv[1])
    end
end

# Values of options.
function __ctwin_list
    set -l before (string match -r -- '.*,' (commandline -ct))
    string replace -r -- '^' "$before" $argv
end

function __ctwin_statuses
    set -l bits ASSURED SEEN_REPLY FIXED_TIMEOUT EXPECTED OFFLOAD HW_OFFLOAD
    __ctwin_list $bits UNREPLIED UNSET !$bits
end

function __ctwin_labels
    __ctwin_read_line
    test -r $__ctwin_labelmap
    or return
    __ctwin_list (string match -rg -- '^\s*[0-9xXa-fA-F]+\s+(.*\S)' <$__ctwin_labelmap)
end

function __ctwin_states
    __ctwin_read_line
    switch $__ctwin_protocol
        case tcp
            printf '%s\n' NONE SYN_SENT SYN_RECV ESTABLISHED FIN_WAIT CLOSE_WAIT LAST_ACK \
                TIME_WAIT CLOSE SYN_SENT2 LISTEN
        case sctp
            printf '%s\n' NONE CLOSED COOKIE_WAIT COOKIE_ECHOED ESTABLISHED SHUTDOWN_SENT \
                SHUTDOWN_RECD SHUTDOWN_ACK_SENT HEARTBEAT_SENT HEARTBEAT_ACKED
        case dccp
            printf '%s\n' NONE REQUEST RESPOND PARTOPEN OPEN CLOSEREQ CLOSING TIMEWAIT IGNORE \
                INVALID
    end
end

function __ctwin_namespaces
    path basename /run/netns/*
    __fish_complete_path (commandline -ct)
end

function __ctwin_tables
    __ctwin_read_line
    switch $__ctwin_command
        case L l
            printf '%s\n' conntrack expect dying unconfirmed
        case A U
            echo conntrack
        case '*'
            printf '%s\n' conntrack expect
    end
end

# The words that complete the argument of the option of this name.
function __ctwin_values
    switch $argv[1]
        case protonum
            printf '%s\n' tcp udp udplite sctp dccp icmp icmpv6 gre
        case family
            printf '%s\n' ipv4 ipv6
        case status
            __ctwin_statuses
        case event-mask
            __ctwin_list ALL NEW UPDATES DESTROY
        case group-by
            __ctwin_list src dst reply-src reply-dst sport dport reply-sport reply-dport proto \
                family state zone mark nat status
        case output
            __ctwin_list extended id timestamp ktimestamp labels userspace xml json save
        case label label-add label-del
            __ctwin_labels
        case backend
            printf '%s\n' kernel engine
        case trace
            echo invalid
        case tun capture
            __fish_print_interfaces
        case checksum
            printf '%s\n' auto verify ignore
        case labelmap load-file event-log pcap pcap-out setup log iptables-save serve
            __fish_complete_path (commandline -ct)
        case netns
            __ctwin_namespaces
        case state
            __ctwin_states
        case role
            printf '%s\n' client server
    end
end

# One completion for each option of the table.
complete -c ctwin -f
complete -c ctwin -n __ctwin_at_table -a '(__ctwin_tables)'
for row in (string split \n -- $__ctwin_options)
    test -n "$row"
    or continue
    set -l fields (string split -m 5 ' ' -- $row)
    set -l names (string split , -- $fields[2])
    set -l condition
    switch $fields[4]
        case command
            set condition __ctwin_needs_command
            test $names[1] = load-file
            and set condition __ctwin_may_load
        case all
            set condition true
        case '*'
            set condition "__ctwin_allows $fields[3] $fields[4]"
    end
    set -l words -d $fields[6]
    string match -qr '^[a-zA-Z]$' -- $fields[1]
    and set -a words -s $fields[1]
    for name in $names
        set -a words -l $name
    end
    # An argument that may be left out is completed as a word of its own.
    switch $fields[5]
        case - '[table]'
        case '[=*'
            set -a words -a "(__ctwin_values $names[1])"
        case '[*'
            complete -c ctwin -n "__ctwin_follows '$fields[1]' $names[1]" \
                -a "(__ctwin_values $names[1])"
        case '*'
            set -a words -x -a "(__ctwin_values $names[1])"
    end
    complete -c ctwin -n $condition $words
end
