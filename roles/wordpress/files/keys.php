<?php
// Makes the keys that sign the cookies of the site: keys.php FILE GROUP. Nobody but this machine knows them.
[, $file, $group] = $argv;
$lines = ['<?php', '// Made once on this machine by the role wordpress. Other keys log everybody out.'];
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    foreach (['KEY', 'SALT'] as $kind) {
        $lines[] = "define('{$name}_{$kind}', '" . bin2hex(random_bytes(48)) . "');";
    }
}
// Beside the file and then in its place, so that the site never reads half a file.
umask(0137);
if (file_put_contents("$file.new", implode("\n", $lines) . "\n") === false || !chgrp("$file.new", $group) || !rename("$file.new", $file)) {
    exit(1);
}
