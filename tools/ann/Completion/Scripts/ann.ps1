# Completion of ann for PowerShell.
Register-ArgumentCompleter -Native -CommandName ann -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString().PadRight($cursorPosition - $commandAst.Extent.StartOffset)
    $line = if ($line.Contains(' ')) { $line.Substring($line.IndexOf(' ') + 1) } else { '' }
    ann "[suggest:$($line.Length)]" $line 2>$null | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
