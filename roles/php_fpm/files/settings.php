<?php
// For the tests of the role php_fpm: which account runs scripts in a pool, and the settings that the query names.
header('Content-Type: text/plain');
echo posix_getpwuid(posix_geteuid())['name'];
foreach (explode(',', $_SERVER['QUERY_STRING']) as $name) {
    echo ' ', ini_get($name);
}
