# shellcheck shell=sh
# The initramfs has its own copy of modprobe.d and loads the modules of the devices that it finds.
for target in / /boot /usr /var /home; do
  source=$(findmnt --noheadings --nofsroot --output SOURCE "$target") || continue
  if grep -q '^install usb_storage ' /etc/modprobe.d/oplever.conf && lsblk --noheadings --inverse --output TRAN "$source" | grep -q usb; then
    rm /etc/modprobe.d/oplever.conf
    echo "$target is on a USB disk and without usb_storage this machine would not boot; /etc/modprobe.d/oplever.conf was removed: add KMOD-010 to harden_skip" >&2
    exit 1
  fi
done
if command -v update-initramfs >/dev/null; then update-initramfs -u -k all && echo changed; fi
