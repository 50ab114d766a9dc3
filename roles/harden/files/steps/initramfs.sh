# The image that starts the kernel has a copy of modprobe.d, and loads what belongs to the devices that it finds.
for target in / /boot /usr /var /home; do
  source=$(findmnt --noheadings --nofsroot --output SOURCE "$target") || continue
  if grep -q '^install usb_storage ' /etc/modprobe.d/oplever.conf && lsblk --noheadings --inverse --output TRAN "$source" | grep -q usb; then
    rm /etc/modprobe.d/oplever.conf
    echo "$target is on a USB disk and this machine would not start without it: give harden_skip KMOD-010" >&2
    exit 1
  fi
done
if command -v update-initramfs >/dev/null; then update-initramfs -u -k all && echo changed; fi
