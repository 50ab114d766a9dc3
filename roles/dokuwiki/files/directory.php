<?php
// Asks the directory of the wiki over TLS what it is the directory of, with the settings of the wiki; prints `in order` or what is wrong.
// Argument: the certificates that are trusted.
$settings = '/etc/dokuwiki/local.protected.php';
$conf = [];
require $settings;
$wanted = $conf['plugin']['authad'];
$server = $wanted['domain_controllers'];
$directory = ldap_connect("ldaps://$server");
ldap_set_option($directory, LDAP_OPT_PROTOCOL_VERSION, 3);
$answer = @ldap_read($directory, '', '(objectClass=*)', ['defaultNamingContext']);
if ($answer === false) {
    // The library of Debian 12 does not say what is wrong with a certificate.
    $why = [];
    set_error_handler(function (int $level, string $text) use (&$why): bool {
        $why[] = trim(preg_replace('/\s+/', ' ', str_replace('stream_socket_client(): ', '', $text)));
        return true;
    });
    $context = stream_context_create(['ssl' => ['cafile' => $argv[1], 'peer_name' => $server]]);
    stream_socket_client("ssl://$server:636", $number, $text, 5, STREAM_CLIENT_CONNECT, $context);
    exit("$server: " . implode('; ', [ldap_error($directory), ...$why]) . "\n");
}
$base = ldap_get_entries($directory, $answer)[0]['defaultnamingcontext'][0] ?? 'no Active Directory';
if (!str_ends_with(strtolower(",{$wanted['base_dn']}"), strtolower(",$base"))) {
    exit("$server has $base, and the wiki looks in {$wanted['base_dn']}\n");
}
echo "in order\n";
