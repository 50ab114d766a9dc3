<?php
// The website for the command line: for the role wordpress, its tests and its timer. Runs as the account of the website.
//   website.php HOST compare | apply          prints a line for each difference with what is wanted (JSON on standard input), never a
//                                             password; apply does away with them
//   website.php HOST upgrade                  brings the tables to the version of the files
//   website.php HOST version | jobs | closed  prints `in order`, or what is wrong
[, $host, $order] = $argv;
$lines = null;

// WordPress ends with a page, and with success, when something is wrong. Its text is what to tell.
ob_start();
register_shutdown_function(function (): void {
    if ($GLOBALS['lines'] === null) {
        $page = preg_replace('#<(style|script|title)\b.*?</\1>#s', '', ob_get_clean() ?: '');
        fwrite(STDERR, 'WordPress stopped: ' . trim(preg_replace('/\s+/', ' ', strip_tags($page))) . "\n");
        exit(1);
    }
});

function stop(string $why): never
{
    $GLOBALS['lines'] = [];
    fwrite(STDERR, "$why\n");
    exit(1);
}

$config = "/etc/wordpress/config-$host.php";
if (!is_readable($config)) {
    stop("$config is not there, or cannot be read");
}
$_SERVER = ['HTTP_HOST' => $host, 'SERVER_NAME' => $host, 'REQUEST_METHOD' => 'GET', 'REQUEST_URI' => '/'] + $_SERVER;
// No plugins, and no page for who installs.
define('WP_INSTALLING', true);
define('WP_DISABLE_FATAL_ERROR_HANDLER', true);
require_once $config;
mysqli_report(MYSQLI_REPORT_OFF);
if (!@mysqli_connect(DB_HOST, DB_USER, DB_PASSWORD, DB_NAME)) {
    stop('the database does not let the website in: ' . mysqli_connect_error());
}
// In place of a mail about the new site.
function wp_new_blog_notification(): void
{
}
require '/usr/share/wordpress/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';
// Nothing here asks another machine, nor this one through the web server.
add_filter('pre_http_request', fn() => new WP_Error('oplever', 'not from the command line'));
add_filter('send_email_change_email', '__return_false');

/** Makes the tables, the front page and the manager, in the language of the site. */
function install(array $wanted): void
{
    load_default_textdomain($wanted['language']);
    $GLOBALS['wp_locale'] = new WP_Locale();
    ['name' => $name, 'email' => $email, 'password' => $password] = $wanted['admin'];
    // Log-in compares with quotes and backslashes marked, as PHP once gave them.
    wp_install($wanted['title'], $name, $email, $wanted['indexed'], '', wp_slash($password), $wanted['language']);
    $GLOBALS['wp_rewrite']->set_permalink_structure('/%postname%/');
    // In place of the examples of WordPress, a post and a page.
    wp_delete_post(1, true);
    ['title' => $title, 'content' => $content] = $wanted['first_page'];
    wp_update_post(wp_slash(['ID' => 2, 'post_title' => $title, 'post_name' => '', 'post_content' => $content]));
    update_option('show_on_front', 'page');
    update_option('page_on_front', 2);
    delete_option('rewrite_rules'); // made again by the first page, with all kinds of pages
}

/** One line for each difference in settings. */
function settings(array $wanted, bool $apply): array
{
    $settings = [
        'blogname' => $wanted['title'],
        'blogdescription' => $wanted['tagline'],
        'WPLANG' => $wanted['language'] === 'en_US' ? '' : $wanted['language'],
        'timezone_string' => $wanted['time_zone'],
        'blog_public' => (string) (int) $wanted['indexed'],
        'users_can_register' => (string) (int) $wanted['registration'],
        'default_comment_status' => $wanted['comments'] ? 'open' : 'closed',
        'default_ping_status' => 'closed',
        'admin_email' => $wanted['admin']['email'],
    ];
    $lines = [];
    foreach ($settings as $name => $value) {
        if ((string) get_option($name) !== (string) sanitize_option($name, $value)) {
            $lines[] = "setting $name: another value";
            $apply && update_option($name, $value);
        }
    }
    return $lines;
}

/** One line for each difference in the account of the manager. */
function manager(array $wanted, bool $apply): array
{
    ['name' => $name, 'email' => $email, 'password' => $password] = $wanted;
    $password = wp_slash($password);
    $user = get_user_by('login', $name);
    if (!$user && $password === '') {
        stop("account $name is not there, and is made with wordpress_admin_password alone");
    }
    if (!$user) {
        $made = $apply ? wp_insert_user(['user_login' => $name, 'user_email' => $email, 'user_pass' => $password, 'role' => 'administrator']) : 0;
        is_wp_error($made) && stop("account $name: " . $made->get_error_message());
        return ["account $name: missing"];
    }
    $lines = [];
    if (!in_array('administrator', $user->roles, true)) {
        $lines[] = "account $name: does not manage the site";
        $apply && $user->set_role('administrator');
    }
    if ($user->user_email !== $email) {
        $lines[] = "account $name: another mail address";
        $changed = $apply ? wp_update_user(['ID' => $user->ID, 'user_email' => $email]) : 0;
        is_wp_error($changed) && stop("account $name: " . $changed->get_error_message());
    }
    if ($password !== '' && !wp_check_password($password, $user->user_pass, $user->ID)) {
        $lines[] = "account $name: another password";
        $apply && wp_set_password($password, $user->ID);
    }
    return $lines;
}

/** Brings the tables to the version of the files, which may be older after a package was put back. */
function upgrade(bool $apply): array
{
    [$is, $wanted] = [(int) get_option('db_version'), (int) $GLOBALS['wp_db_version']];
    if ($is === $wanted) {
        return [];
    }
    $apply && wp_upgrade();
    return ["tables: of version $is, the files want $wanted"];
}

/** One line for each difference with what is wanted. */
function differences(array $wanted, bool $apply): array
{
    if ($wanted['language'] !== 'en_US' && !in_array($wanted['language'], get_available_languages(), true)) {
        stop("wordpress_language: WordPress does not have {$wanted['language']}");
    }
    $lines = [];
    if (!is_blog_installed()) {
        if ($wanted['admin']['password'] === '') {
            stop('wordpress_admin_password is needed for the first run');
        }
        $lines[] = 'tables: missing';
        if (!$apply) {
            return $lines;
        }
        install($wanted);
    }
    return [...$lines, ...upgrade($apply), ...settings($wanted, $apply), ...manager($wanted['admin'], $apply)];
}

/** The planned jobs that should have run half an hour ago. */
function late(): array
{
    $lines = [];
    foreach (_get_cron_array() ?: [] as $time => $jobs) {
        if ($time < time() - 1800) {
            $lines[] = 'waits since ' . gmdate('Y-m-d H:i', $time) . ' UTC: ' . implode(', ', array_keys($jobs));
        }
    }
    return $lines;
}

/** What could still change the files of the site, and keys that are no secret. */
function open(): array
{
    $lines = [];
    if (wp_is_file_mod_allowed('oplever') || !(new WP_Automatic_Updater())->is_disabled()) {
        $lines[] = 'the website may change its own files';
    }
    if (!defined('DISABLE_WP_CRON') || !DISABLE_WP_CRON) {
        $lines[] = 'visitors start the planned jobs';
    }
    $keys = [AUTH_KEY, SECURE_AUTH_KEY, LOGGED_IN_KEY, NONCE_KEY, AUTH_SALT, SECURE_AUTH_SALT, LOGGED_IN_SALT, NONCE_SALT];
    if (min(array_map('strlen', $keys)) < 64 || count(array_unique($keys)) < count($keys)) {
        $lines[] = 'keys of the cookies are short, or the same';
    }
    return $lines;
}

$answer = match ($order) {
    'compare', 'apply' => differences(json_decode(stream_get_contents(STDIN), true, 16, JSON_THROW_ON_ERROR), $order === 'apply'),
    // Before the role has made the tables there is nothing to upgrade.
    'upgrade' => is_blog_installed() ? upgrade(true) : [],
    'version' => upgrade(false) ?: ['in order'],
    'jobs' => late() ?: ['in order'],
    'closed' => open() ?: ['in order'],
};
ob_end_clean();
$lines = $answer;
echo implode('', array_map(fn(string $line): string => "$line\n", $lines));
